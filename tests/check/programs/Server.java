// An HTTP server with a habit of memory: java Server MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.
// Each mode is a function that returns a handler of (key, number of the request), and a handler returns the bytes that
// its request has leaked.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.*;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

public class Server {
    interface Handler { long handle(String key, long number); }

    static final Random RANDOM = new Random();
    static final byte[] NOISE = new byte[2 << 20];
    static final Map<String, Integer> OPTIONS = new HashMap<>();

    static int option(String name, int otherwise) { return OPTIONS.getOrDefault(name, otherwise); }

    static int size() { return option("size", 1024); }

    static byte[] payload(int size) {
        int start = RANDOM.nextInt(NOISE.length - size);
        return Arrays.copyOfRange(NOISE, start, start + size);
    }

    static byte[][] payloads(int count, int size) {
        byte[][] contents = new byte[count][];
        Arrays.setAll(contents, i -> payload(size));
        return contents;
    }

    /** What the heap takes for an array of bytes, with compressed pointers. */
    static long array(int length) { return (16 + length + 7) / 8 * 8; }

    // Of objects with the room that their containers are ahead.
    static final int MAP_ENTRY = 32 + 6, STRING = 24, LIST_SLOT = 5, CLOSURE = 24;
    static final int FAILURE = 24 + 24;            // the object, its boxed number
    static final int DIRECT = 64 + 40 + 32;        // DirectByteBuffer, its Cleaner and its Deallocator
    static final int THREAD = 254_000;             // its whole stack of 240 KiB and records: measured

    // ---------------------------------------------------------------- leaks

    /** The key has something unique in it. */
    static Handler cache() {
        Map<String, byte[]> entries = new HashMap<>();
        int size = size();
        return (key, number) -> {
            String name = key + ":" + number;
            entries.computeIfAbsent(name, absent -> payload(size));
            return array(size) + STRING + array(name.length()) + MAP_ENTRY;
        };
    }

    static Handler listener() {
        List<Supplier<Integer>> listeners = new ArrayList<>();
        int size = size();
        return (key, number) -> {
            byte[] content = payload(size);
            listeners.add(() -> content.length);
            return array(size) + 16 + LIST_SLOT;
        };
    }

    static Handler closure() {
        List<Supplier<Object>> latest = new ArrayList<>(Collections.singletonList(null));
        int size = size();
        return (key, number) -> {
            byte[] content = payload(size);
            Supplier<Object> previous = latest.get(0);
            latest.set(0, () -> content.length > 0 ? previous : content);
            return array(size) + CLOSURE;
        };
    }

    record Failure(Long number, byte[] content) {}

    static Handler error() {
        List<Failure> failures = new ArrayList<>();
        int size = size(), every = option("every", 10);
        return (key, number) -> {
            byte[] content = payload(size);
            if (number % every != 0) return 0;
            failures.add(new Failure(number, content));
            return array(size) + FAILURE + LIST_SLOT;
        };
    }

    static Handler offheap() {
        List<ByteBuffer> kept = new ArrayList<>();
        int size = size();
        return (key, number) -> {
            kept.add(ByteBuffer.allocateDirect(size).put(payload(size)));
            return Math.max(32, (size + 8 + 15) / 16 * 16) + DIRECT + LIST_SLOT;
        };
    }

    /**
     * Waits for ever, after it has been through all of its stack. How much of it is touched would else change over time: interpreted code
     * touches 80 KiB ahead of its frames, compiled code does not.
     */
    static void waitForEver(byte[] content) {
        try {
            goDown(content);
        } catch (StackOverflowError all) { }
        try {
            while (true) Thread.sleep(Long.MAX_VALUE - content.length);
        } catch (InterruptedException never) { }
    }

    static int goDown(byte[] content) { return goDown(content) + content.length; }

    static Handler thread() {
        int size = size(), every = option("every", 50);
        return (key, number) -> {
            if (number % every != 0) return 0;
            byte[] content = payload(size);
            Thread thread = new Thread(null, () -> waitForEver(content), "forgotten", 256 << 10);
            thread.setDaemon(true);
            thread.start();
            return array(size) + THREAD;
        };
    }

    static Handler small() {
        List<byte[]> kept = new ArrayList<>();
        int size = option("size", 200);
        return (key, number) -> {
            kept.add(payload(size));
            return array(size) + LIST_SLOT;
        };
    }

    // ---------------------------------------------------------------- clean

    static Handler lru() {
        int size = size(), entries = option("entries", 3000);
        Map<Integer, byte[]> cached = new LinkedHashMap<>(16, 0.75f, true) {
            @Override protected boolean removeEldestEntry(Map.Entry<Integer, byte[]> eldest) { return size() > entries; }
        };
        return (key, number) -> {
            cached.computeIfAbsent(RANDOM.nextInt(2 * entries), absent -> payload(size));
            return 0;
        };
    }

    static Handler garbage() {
        byte[][][] recent = new byte[32][][];
        int size = size();
        return (key, number) -> {
            recent[(int) (number % recent.length)] = payloads(256, size);
            return 0;
        };
    }

    static Handler batch() {
        List<byte[]> rows = new ArrayList<>();
        int size = size(), entries = option("entries", 2000);
        return (key, number) -> {
            rows.addAll(Arrays.asList(payloads(8, size)));
            if (number % entries == 0) rows.clear();
            return 0;
        };
    }

    static class Connection {
        double freeAt;
        final byte[][] buffers = payloads(16, 16 * size());
        double freeAt() { return freeAt; }
    }

    /** A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`. */
    static Handler pool() {
        List<Connection> connections = new ArrayList<>();
        int entries = option("entries", 64);
        return (key, number) -> {
            double now = System.nanoTime() / 1e9;
            Connection chosen = connections.stream().min(Comparator.comparingDouble(Connection::freeAt)).orElse(null);
            if (connections.size() < entries && (chosen == null || chosen.freeAt > now)) {
                connections.add(chosen = new Connection());
            }
            chosen.freeAt = Math.max(now, chosen.freeAt) - 0.02 * Math.log(1 - RANDOM.nextDouble());
            return 0;
        };
    }

    static Handler warmup() {
        int size = size(), entries = option("entries", 600);
        byte[][] tables = new byte[entries][];
        return (key, number) -> {
            int name = RANDOM.nextInt(entries);
            if (tables[name] == null) tables[name] = payload(16 * size);
            return 0;
        };
    }

    record Session(double endsAt, byte[][] contents) {}

    static Handler sessions() {
        Deque<Session> live = new ArrayDeque<>();
        int size = size();
        return (key, number) -> {
            double now = System.nanoTime() / 1e9;
            while (!live.isEmpty() && live.peek().endsAt <= now) live.remove();
            live.add(new Session(now + 5, payloads(4, size)));
            return 0;
        };
    }

    static Handler arena() {
        int size = size(), entries = option("entries", 4000);
        byte[][] slots = new byte[entries][];
        return (key, number) -> {
            for (int i = 0; i < 8; i++) {
                slots[RANDOM.nextInt(entries)] = payload((int) (size / 8.0 * Math.pow(64, RANDOM.nextDouble())));
            }
            return 0;
        };
    }

    static Supplier<Handler> mode(String name) {
        return switch (name) {
            case "cache" -> Server::cache;
            case "listener" -> Server::listener;
            case "closure" -> Server::closure;
            case "error" -> Server::error;
            case "offheap" -> Server::offheap;
            case "thread" -> Server::thread;
            case "small" -> Server::small;
            case "lru" -> Server::lru;
            case "garbage" -> Server::garbage;
            case "batch" -> Server::batch;
            case "pool" -> Server::pool;
            case "warmup" -> Server::warmup;
            case "sessions" -> Server::sessions;
            case "arena" -> Server::arena;
            default -> throw new IllegalArgumentException(name);
        };
    }

    // ---------------------------------------------------------------- server

    static long requests, leaked;

    static synchronized void answer(HttpExchange exchange, String mode, Handler handler) throws IOException {
        String path = exchange.getRequestURI().getPath(), body;
        int status = 200;
        if (path.equals("/truth")) {
            body = "{\"requests\":" + requests + ",\"leaked_bytes\":" + leaked + "}";
        } else if (path.equals("/metrics")) {
            body = "# TYPE http_requests_total counter\nhttp_requests_total " + requests + "\n";
        } else if (path.startsWith("/item/")) {
            long bytes = handler.handle(path.substring("/item/".length()), ++requests);
            leaked += bytes;
            status = mode.equals("error") && bytes > 0 ? 500 : 200;
            body = status == 200 ? "done\n" : "failed\n";
        } else {
            status = 404;
            body = "not found\n";
        }
        exchange.sendResponseHeaders(status, body.length());
        exchange.getResponseBody().write(body.getBytes());
        exchange.close();
    }

    public static void main(String[] arguments) throws IOException {
        try {
            for (String argument : Arrays.asList(arguments).subList(2, arguments.length)) {
                OPTIONS.put(argument.split("=")[0], Integer.parseInt(argument.split("=")[1]));
            }
            mode(arguments[0]);
            if (size() > 65536) throw new IllegalArgumentException();
        } catch (RuntimeException wrong) {
            System.err.println("java Server MODE PORT [size=BYTES] [every=N] [entries=N]");
            System.exit(2);
        }
        RANDOM.nextBytes(NOISE);
        Handler handler = mode(arguments[0]).get();
        System.setProperty("sun.net.httpserver.nodelay", "true");   // headers and body are two writes
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
        InetAddress here = InetAddress.getLoopbackAddress();
        HttpServer server = HttpServer.create(new InetSocketAddress(here, Integer.parseInt(arguments[1])), 128);
        server.createContext("/", exchange -> answer(exchange, arguments[0], handler));
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        System.out.println("ready " + server.getAddress().getPort());
    }
}
