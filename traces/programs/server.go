// Memory behaviours of a Go server. Usage: server_go MODE [name=value ...]
// Reads requests ("key size") from standard input, reports "requests leaked_bytes live_heap":
// the live heap is half of the collector's next goal (GOGC=100).
package main

import (
	"bufio"
	"container/list"
	"fmt"
	"math/rand"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

var leaked int64
var forever = make(chan int)
var garbage []byte

func param(name string, otherwise float64) float64 {
	for _, a := range os.Args[2:] {
		if strings.HasPrefix(a, name+"=") {
			v, _ := strconv.ParseFloat(a[len(name)+1:], 64)
			return v
		}
	}
	return otherwise
}

func document(size int) []byte {
	d := make([]byte, size)
	for i := range d {
		d[i] = byte(i)
	}
	return d
}

func lucky(percent float64) bool { return rand.Float64()*100 < percent }

// ring keeps the last n documents
type ring struct {
	slots [][]byte
	at    int
}

func (r *ring) put(d []byte, n int) {
	if len(r.slots) < n {
		r.slots = append(r.slots, d)
		return
	}
	r.slots[r.at%n] = d
	r.at++
}

// goroutine: each request runs in a goroutine with its document; `leak` % wait for ever for an answer
func goroutine() func(int64, int) {
	leak := param("leak", 0)
	recent, live := &ring{}, int(param("live", 1000))
	return func(key int64, size int) {
		recent.put(document(size), live)
		lost := lucky(leak)
		if lost {
			leaked += int64(size) + 2048 + 500
		}
		go func() {
			d := document(size)
			if lost {
				<-forever
			} else {
				time.Sleep(time.Duration(20+rand.Intn(300)) * time.Millisecond)
			}
			d[0]++
		}()
	}
}

// lru: a cache of `entries` documents
func lru() func(int64, int) {
	entries := int(param("entries", 5000))
	order, table := list.New(), map[int64]*list.Element{}
	type entry struct {
		key int64
		doc []byte
	}
	return func(key int64, size int) {
		garbage = document(size)
		if e, ok := table[key]; ok {
			order.MoveToFront(e)
			return
		}
		table[key] = order.PushFront(entry{key, document(size)})
		if order.Len() > entries {
			old := order.Back()
			delete(table, old.Value.(entry).key)
			order.Remove(old)
		}
	}
}

// sessions: sessions end after `ttl` s; `leak` % of new sessions are entered again under a key nobody deletes
func sessions() func(int64, int) {
	ttl, leak := param("ttl", 10), param("leak", 0)
	type session struct {
		key  int64
		doc  []byte
		seen time.Time
	}
	table, lost := map[int64]*session{}, map[int64]*session{}
	order := []*session{}
	return func(key int64, size int) {
		now := time.Now()
		garbage = document(size)
		if s, ok := table[key]; ok {
			s.seen = now
			return
		}
		s := &session{key, document(size), now}
		table[key] = s
		order = append(order, s)
		if lucky(leak) {
			lost[key] = s
			leaked += int64(size) + 100
		}
		for len(order) > 0 && now.Sub(order[0].seen).Seconds() > ttl {
			delete(table, order[0].key)
			order[0] = nil
			order = order[1:]
		}
		if len(order) > 0 && now.Sub(order[0].seen).Seconds() <= ttl && rand.Intn(4) == 0 {
			order = append(order[1:], order[0])
		}
	}
}

// connections: a connection lives from its first request until `idle` s after the last, with a goroutine
// and two buffers
func connections() func(int64, int) {
	idle := time.Duration(param("idle", 10) * float64(time.Second))
	buffer := int(param("buffer", 16384))
	type connection struct{ wake chan int }
	closed := make(chan int64, 10000)
	table := map[int64]*connection{}
	return func(key int64, size int) {
		for len(closed) > 0 {
			delete(table, <-closed)
		}
		garbage = document(size)
		c, ok := table[key]
		if !ok {
			c = &connection{make(chan int, 64)}
			table[key] = c
			go func() {
				in, out := document(buffer), document(buffer)
				for {
					select {
					case n := <-c.wake:
						in[n%buffer]++
					case <-time.After(idle):
						out[0] = in[0]
						closed <- key
						return
					}
				}
			}()
		}
		select {
		case c.wake <- size:
		default:
		}
	}
}

// inflight: each request holds its document for `hold` s
func inflight() func(int64, int) {
	hold := param("hold", 5)
	return func(key int64, size int) {
		go func() {
			d := document(size)
			time.Sleep(time.Duration(hold * (0.3 + rand.ExpFloat64()*0.7) * float64(time.Second)))
			d[0]++
		}()
	}
}

func main() {
	modes := map[string]func() func(int64, int){"goroutine": goroutine, "lru": lru, "sessions": sessions,
		"connections": connections, "inflight": inflight}
	handle := modes[os.Args[1]]()
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	requests, reported := 0, time.Now()
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		key, _ := strconv.ParseInt(words[0], 10, 64)
		size, _ := strconv.Atoi(words[1])
		handle(key, size)
		requests++
		if time.Since(reported) > 400*time.Millisecond {
			reported = time.Now()
			metrics.Read(goal)
			fmt.Println(requests, leaked, goal[0].Value.Uint64()/2)
		}
	}
}
