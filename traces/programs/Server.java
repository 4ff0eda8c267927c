// Memory behaviours of a Java server. Usage: java Server MODE [name=value ...]
// Reads requests ("key size") from standard input, reports "requests leaked_bytes live_heap|-":
// the live heap is the old generation's use after its last collection.
import java.io.*;
import java.lang.management.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicLong;

public class Server {
    interface Handler { void handle(long key, int size) throws Exception; }

    static final Map<String, String> PARAMETERS = new HashMap<>();
    static final long BEGAN = System.nanoTime();
    static final Random RANDOM = new Random(1);
    static final AtomicLong LEAKED = new AtomicLong();
    static volatile Object garbage;

    static double param(String name, double otherwise) {
        return Double.parseDouble(PARAMETERS.getOrDefault(name, "" + otherwise));
    }

    static double seconds() { return (System.nanoTime() - BEGAN) / 1e9; }

    static boolean lucky(double percent) { return RANDOM.nextDouble() * 100 < percent; }

    /** A list of small strings, about `size` bytes with what Java adds. */
    static List<String> document(long key, int size) {
        List<String> fields = new ArrayList<>(size / 120 + 1);
        for (int i = 0; i <= size / 120; i++) fields.add("field " + key + " " + i + "x".repeat(40));
        return fields;
    }

    static long weight(int size) { return (size / 120 + 1) * 100L + 60; }

    static void waste(long key, int size) { for (int i = 0; i < 5; i++) garbage = document(key + i, size); }

    /** map: `live` documents replaced at random, and a static map that gets `leak` % of them. */
    static final Map<Long, List<String>> FOREVER = new ConcurrentHashMap<>();
    static long serial;

    static Handler map() {
        int live = (int) param("live", 5000), warm = (int) param("warm", 20);
        double leak = param("leak", 0), onset = param("onset", 0);
        List<Object> ring = new ArrayList<>();
        return (key, size) -> {
            waste(key, size);
            for (int i = 0; i < warm && ring.size() < live; i++) ring.add(document(key, size));
            ring.set(RANDOM.nextInt(ring.size()), document(key, size));
            if (seconds() >= onset && lucky(leak)) {
                FOREVER.put(serial++, document(key, size));
                LEAKED.addAndGet(weight(size) + 70);
            }
        };
    }

    /** sessions: they end `ttl` s after their first request. */
    static Handler sessions() {
        double ttl = param("ttl", 10);
        LinkedHashMap<Long, Object[]> table = new LinkedHashMap<>();
        return (key, size) -> {
            waste(key, size);
            table.computeIfAbsent(key, k -> new Object[] {seconds(), document(key, size)});
            Iterator<Object[]> i = table.values().iterator();
            while (i.hasNext() && seconds() - (double) i.next()[0] > ttl) i.remove();
        };
    }

    /** lru: a cache of `entries` documents. */
    static Handler lru() {
        int entries = (int) param("entries", 5000);
        Map<Long, Object> cache = new LinkedHashMap<>(16, 0.75f, true) {
            protected boolean removeEldestEntry(Map.Entry<Long, Object> eldest) { return size() > entries; }
        };
        return (key, size) -> {
            waste(key, size);
            cache.computeIfAbsent(key, k -> document(k, size));
        };
    }

    /** direct: `leak` % of the requests keep a direct buffer. */
    static Handler direct() {
        List<ByteBuffer> kept = new ArrayList<>();
        Handler base = map();
        double leak = param("direct", 0);
        return (key, size) -> {
            base.handle(key, size);
            if (!lucky(leak)) return;
            ByteBuffer b = ByteBuffer.allocateDirect(size * 4);
            while (b.hasRemaining()) b.put((byte) 1);
            kept.add(b);
            LEAKED.addAndGet(size * 4L + 130);
        };
    }

    /** queue: one consumer that takes `consume` jobs a second from an unbounded queue. */
    static Handler queue() {
        LinkedBlockingQueue<Object> jobs = new LinkedBlockingQueue<>();
        AtomicLong queued = new AtomicLong();
        double consume = param("consume", 50);
        Thread consumer = new Thread(() -> {
            double due = 0;
            try {
                while (true) {
                    Object[] job = (Object[]) jobs.take();
                    queued.addAndGet(-(long) job[0]);
                    due = Math.max(due, seconds() - 0.2) + 1 / consume;
                    Thread.sleep(Math.max(0, (long) ((due - seconds()) * 1000)));
                }
            } catch (InterruptedException e) { }
        });
        consumer.setDaemon(true);
        consumer.start();
        return (key, size) -> {
            waste(key, size);
            jobs.add(new Object[] {weight(size) + 100, document(key, size)});
            LEAKED.set(Math.max(0, queued.addAndGet(weight(size) + 100) - (long) param("normal", 1e6)));
        };
    }

    /** plugins: a class loader per key with a copy of this class; `leak` % of the requests bring a new key,
        else there are at most `kinds` keys. */
    static Handler plugins() throws IOException {
        byte[] code = Files.readAllBytes(Paths.get(System.getProperty("java.class.path"), "Server.class"));
        Map<Long, Class<?>> loaded = new HashMap<>();
        double leak = param("leak", 0);
        long kinds = (long) param("kinds", 300);
        Handler base = map();
        return (key, size) -> {
            base.handle(key, size);
            boolean fresh = lucky(leak);
            long kind = fresh ? 1_000_000 + loaded.size() : key % kinds;
            if (!fresh && kinds == 0 || loaded.containsKey(kind)) return;
            class Loader extends ClassLoader {
                Class<?> define() { return defineClass("Server", code, 0, code.length); }
            }
            Class<?> c = new Loader().define();
            c.getDeclaredMethods();
            loaded.put(kind, c);
            if (fresh) LEAKED.addAndGet((long) param("weight", 60000));
        };
    }

    /** batch: each `every` s a job loads `from` to `to` MB, works 3 s and drops it. */
    static Handler batch() {
        Handler base = map();
        double[] due = {5};
        List<Object> rows = new ArrayList<>();
        return (key, size) -> {
            base.handle(key, size);
            if (!rows.isEmpty() && seconds() > due[0] - param("every", 40) * 0.5 + 3) rows.clear();
            if (seconds() < due[0]) return;
            due[0] = seconds() + param("every", 40) * (0.6 + 0.8 * RANDOM.nextDouble());
            double share = Math.min(1, seconds() / param("until", 200));
            double mb = param("from", 20) + (param("to", 80) - param("from", 20)) * share;
            for (double done = 0; done < mb * 1e6; done += 1060) rows.add(document(key, 1200));
        };
    }

    static String live(List<MemoryPoolMXBean> old) {
        long used = 0;
        for (MemoryPoolMXBean pool : old) used += pool.getCollectionUsage().getUsed();
        return used > 0 ? "" + used : "-";
    }

    public static void main(String[] args) throws Exception {
        for (String a : args) if (a.contains("=")) PARAMETERS.put(a.split("=")[0], a.split("=")[1]);
        Handler handler = switch (args[0]) {
            case "map" -> map();
            case "sessions" -> sessions();
            case "lru" -> lru();
            case "direct" -> direct();
            case "queue" -> queue();
            case "plugins" -> plugins();
            case "batch" -> batch();
            default -> throw new IllegalArgumentException(args[0]);
        };
        List<MemoryPoolMXBean> old = new ArrayList<>();
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans())
            if (pool.getName().contains("Old") || pool.getName().contains("Tenured")) old.add(pool);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        long requests = 0;
        double reported = 0;
        for (String line; (line = input.readLine()) != null; ) {
            String[] words = line.split(" ");
            handler.handle(Long.parseLong(words[0]), Integer.parseInt(words[1]));
            requests++;
            if (seconds() > reported + 0.4) {
                reported = seconds();
                System.out.println(requests + " " + LEAKED + " " + live(old));
            }
        }
    }
}
