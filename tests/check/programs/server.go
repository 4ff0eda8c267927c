// An HTTP server with a habit of memory: server MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.
// Each mode is a function that returns a handler of (key, number of the request), and a handler returns the bytes that
// its request has leaked.
package main

import (
	"container/list"
	"fmt"
	"log"
	"math"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type handler func(key string, number int) int

var given, size = map[string]int{}, 1024

func option(name string, otherwise int) int {
	if value, known := given[name]; known {
		return value
	}
	return otherwise
}

var noise = make([]byte, 2<<20)

func fill(content []byte) []byte {
	copy(content, noise[rand.Intn(len(noise)-len(content)):])
	return content
}

func payload(size int) []byte { return fill(make([]byte, size)) }

func payloads(count, size int) [][]byte {
	contents := make([][]byte, count)
	for i := range contents {
		contents[i] = payload(size)
	}
	return contents
}

// allocated is what the runtime takes for `size` bytes: those of their size class.
func allocated(size int) int { return cap(append([]byte(nil), make([]byte, size)...)) }

// Of objects with the room that their containers are ahead: a share in a bucket of 8, a pointer, a slice, what package
// syscall keeps of a mapping, and a goroutine that went deep.
const mapEntry, slot, slice, mapping, goroutine = 70, 10, 24, 60, 440 + 8<<10

// ---------------------------------------------------------------- leaks

// The key has something unique in it.
func cache() handler {
	entries := map[string][]byte{}
	return func(key string, number int) int {
		name := fmt.Sprintf("%s:%d", key, number)
		if _, known := entries[name]; !known {
			entries[name] = payload(size)
		}
		return allocated(size) + allocated(len(name)) + mapEntry
	}
}

func listener() handler {
	var listeners []func() int
	return func(key string, number int) int {
		content := payload(size)
		listeners = append(listeners, func() int { return len(content) })
		return allocated(size) + allocated(8+slice) + slot
	}
}

func closure() handler {
	var latest func() ([]byte, any)
	return func(key string, number int) int {
		content, previous := payload(size), latest
		latest = func() ([]byte, any) { return content, previous }
		return allocated(size) + allocated(8+slice+8)
	}
}

func failing() handler {
	var failures []error
	every := option("every", 10)
	return func(key string, number int) int {
		content := payload(size)
		if number%every != 0 {
			return 0
		}
		failure := fmt.Errorf("request %d: %s", number, content)
		failures = append(failures, failure)
		return allocated(len(failure.Error())) + 16 + 2*slot
	}
}

func offheap() handler {
	return func(key string, number int) int {
		pages, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		fill(pages)
		return (size+4095)/4096*4096 + mapping
	}
}

// descend waits for ever at the bottom of a stack.
func descend(level int, content []byte) int {
	var frame [1024]byte
	copy(frame[:], content)
	if level == 0 {
		select {}
	}
	return descend(level-1, content) + int(frame[level])
}

func thread() handler {
	every := option("every", 10)
	return func(key string, number int) int {
		if number%every != 0 {
			return 0
		}
		content := payload(size)
		go func() { descend(4, content) }()
		return allocated(size) + allocated(8+slice) + goroutine
	}
}

func small() handler {
	var kept [][]byte
	size := option("size", 200)
	return func(key string, number int) int {
		kept = append(kept, payload(size))
		return allocated(size) + 3*slot
	}
}

// ---------------------------------------------------------------- clean

func lru() func(int) {
	entries := option("entries", 3000)
	cached, order := map[int]*list.Element{}, list.New()
	return func(number int) {
		if name := rand.Intn(2 * entries); cached[name] != nil {
			order.MoveToFront(cached[name])
		} else {
			cached[name] = order.PushFront([]any{name, payload(size)})
		}
		if order.Len() > entries {
			delete(cached, order.Remove(order.Back()).([]any)[0].(int))
		}
	}
}

func garbage() func(int) {
	var recent [32][][]byte
	return func(number int) {
		recent[number%len(recent)] = payloads(256, size)
	}
}

func batch() func(int) {
	var rows [][]byte
	entries := option("entries", 2000)
	return func(number int) {
		rows = append(rows, payloads(8, size)...)
		if number%entries == 0 {
			rows = nil
		}
	}
}

// A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`.
func pool() func(int) {
	type connection struct {
		freeAt  float64
		buffers [][]byte
	}
	connections, began := make([]connection, 0, option("entries", 64)), time.Now()
	return func(number int) {
		now, chosen := time.Since(began).Seconds(), 0
		for i := range connections {
			if connections[i].freeAt < connections[chosen].freeAt {
				chosen = i
			}
		}
		if count := len(connections); count < cap(connections) && (count == 0 || connections[chosen].freeAt > now) {
			connections, chosen = append(connections, connection{0, payloads(16, 16*size)}), count
		}
		connections[chosen].freeAt = math.Max(now, connections[chosen].freeAt) + rand.ExpFloat64()/50
	}
}

func warmup() func(int) {
	tables := make([][]byte, option("entries", 600))
	return func(number int) {
		if name := rand.Intn(len(tables)); tables[name] == nil {
			tables[name] = payload(16 * size)
		}
	}
}

func sessions() func(int) {
	type session struct {
		endsAt   time.Time
		contents [][]byte
	}
	live := list.New()
	return func(number int) {
		now := time.Now()
		for live.Len() > 0 && live.Front().Value.(session).endsAt.Before(now) {
			live.Remove(live.Front())
		}
		live.PushBack(session{now.Add(5 * time.Second), payloads(4, size)})
	}
}

func arena() func(int) {
	slots := make([][]byte, option("entries", 4000))
	return func(number int) {
		for i := 0; i < 8; i++ {
			slots[rand.Intn(len(slots))] = payload(int(float64(size) / 8 * math.Pow(64, rand.Float64())))
		}
	}
}

// clean makes a handler of one that never leaks.
func clean(make func() func(int)) func() handler {
	return func() handler {
		work := make()
		return func(key string, number int) int { work(number); return 0 }
	}
}

var modes = map[string]func() handler{
	"cache": cache, "listener": listener, "closure": closure, "error": failing, "offheap": offheap, "thread": thread,
	"small": small, "lru": clean(lru), "garbage": clean(garbage), "batch": clean(batch), "pool": clean(pool),
	"warmup": clean(warmup), "sessions": clean(sessions), "arena": clean(arena),
}

// ---------------------------------------------------------------- server

type server struct {
	sync.Mutex
	mode             string
	handle           handler
	requests, leaked int
}

func (s *server) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	s.Lock()
	defer s.Unlock()
	switch path := request.URL.Path; {
	case path == "/truth":
		fmt.Fprintf(response, `{"requests":%d,"leaked_bytes":%d}`, s.requests, s.leaked)
	case path == "/metrics":
		fmt.Fprintf(response, "# TYPE http_requests_total counter\nhttp_requests_total %d\n", s.requests)
	case strings.HasPrefix(path, "/item/"):
		s.requests++
		bytes := s.handle(strings.TrimPrefix(path, "/item/"), s.requests)
		s.leaked += bytes
		if s.mode == "error" && bytes > 0 {
			response.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprintln(response, "done")
	default:
		http.NotFound(response, request)
	}
}

func main() {
	wrong := len(os.Args) < 3 || modes[os.Args[1]] == nil
	for i := 3; i < len(os.Args); i++ {
		name, text, _ := strings.Cut(os.Args[i], "=")
		value, err := strconv.Atoi(text)
		given[name], wrong = value, wrong || err != nil
	}
	if size = option("size", size); wrong || size > 65536 {
		log.Fatal("server MODE PORT [size=BYTES] [every=N] [entries=N]")
	}
	rand.Read(noise)
	socket, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { <-stop; os.Exit(0) }()
	fmt.Println("ready", socket.Addr().(*net.TCPAddr).Port)
	http.Serve(socket, &server{mode: os.Args[1], handle: modes[os.Args[1]]()})
}
