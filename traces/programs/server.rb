# Memory behaviours of a Ruby server. Usage: server.rb MODE [name=value ...]
# Reads requests ("key size") from standard input, reports "requests leaked_bytes -".
require 'set'

PARAMETERS = ARGV.drop(1).to_h { |word| word.split('=') }
def param(name, otherwise) = (PARAMETERS[name] || otherwise).to_f
def document(key, size) = Array.new(size / 120 + 1) { |i| "#{key} #{i} " + 'x' * 60 }
def weight(size) = (size / 120 + 1) * 138 + 60
def lucky(percent) = rand * 100 < percent
def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

$leaked = 0

# memo: a class-level table of computed answers, entered for `leak` % of the keys
class Memo
  @table = {}
  class << self
    attr_reader :table
  end
end

def memo
  ring, live, leak = [], param('live', 1000), param('leak', 0)
  lambda do |key, size|
    ring[rand(live)] = document(key, size)
    next if !lucky(leak) || Memo.table.key?(key)
    Memo.table[key] = document(key, size)
    $leaked += weight(size) + 60
  end
end

# threads: a pool whose threads start by and by; each keeps a bounded ring of documents of uneven size
def threads
  count, live, every, queue, started, began = param('threads', 8), param('live', 300), param('every', 10), Queue.new, 0, clock
  lambda do |key, size|
    if started < count && clock - began > started * every
      started += 1
      Thread.new do
        ring = []
        while (job = queue.pop)
          ring[rand(live)] = document(job[0], job[1] * (rand(20).zero? ? 8 : 1))
        end
      end
    end
    queue << [key, size] if queue.size < 100
  end
end

# lru: a cache of `entries` documents
def lru
  table, entries = {}, param('entries', 3000)
  lambda do |key, size|
    table[key] = table.delete(key) || document(key, size)
    table.shift if table.size > entries
  end
end

handle = { 'memo' => method(:memo), 'threads' => method(:threads), 'lru' => method(:lru) }[ARGV[0]].call
requests, reported = 0, 0
$stdout.sync = true
while (line = $stdin.gets)
  key, size = line.split.map(&:to_i)
  handle.call(key, size)
  requests += 1
  next unless clock > reported + 0.4
  reported = clock
  puts "#{requests} #{$leaked} -"
end
