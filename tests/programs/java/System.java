import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads, the collector, files and their mappings, sockets, a child process, exceptions. */
class Main {
    public static void main(String[] arguments) throws Exception {
        words();
        threads();
        collector();
        files();
        sockets();
        child();
        exceptions();
    }

    static void words() throws IOException {
        TreeMap<String, Integer> counts = new TreeMap<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null;)
            for (String word : line.toLowerCase().split("\\W+"))
                counts.merge(word, 1, Integer::sum);
        System.out.println(counts);
    }

    static void threads() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> parts = new ArrayList<>();
        for (int part = 0; part < 8; part++) {
            long from = part * 1000L;
            parts.add(pool.submit(() -> {
                long sum = 0;
                for (long i = from; i < from + 1000; i++)
                    sum += i;
                return sum;
            }));
        }
        long sum = 0;
        for (Future<Long> part : parts)
            sum += part.get();
        pool.shutdown();
        ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(3);
        Thread producer = new Thread(() -> {
            try {
                for (int i = 1; i <= 100; i++)
                    queue.put(i);
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
        });
        producer.start();
        long taken = 0;
        for (int i = 0; i < 100; i++)
            taken += queue.take();
        producer.join();
        System.out.println("threads " + sum + " " + taken);
    }

    static void collector() {
        long kept = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] garbage = new byte[20_000];
            garbage[i] = 1;
            kept += garbage[i];
        }
        System.gc();
        System.out.println("collector " + kept);
    }

    static void files() throws IOException {
        Path path = Path.of("numbers.bin");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE,
                StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096);
            for (int i = 0; i < 1024; i++)
                map.putInt(i * i);
        }
        ByteBuffer back = ByteBuffer.wrap(Files.readAllBytes(path));
        System.out.println("files " + Files.size(path) + " " + back.getInt(4 * 1000));
        Files.move(path, Path.of("moved.bin"));
        Files.writeString(Path.of("text.txt"), "one\ntwo\n");
        System.out.println(Files.readAllLines(Path.of("text.txt")));
    }

    static void sockets() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread echo = new Thread(() -> {
                try (Socket peer = server.accept();
                        BufferedReader in = new BufferedReader(
                                new InputStreamReader(peer.getInputStream()));
                        PrintWriter out = new PrintWriter(peer.getOutputStream(), true)) {
                    for (String line; (line = in.readLine()) != null;)
                        out.println("echo " + line);
                } catch (IOException error) {
                    throw new IllegalStateException(error);
                }
            });
            echo.start();
            try (Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
                PrintWriter out = new PrintWriter(client.getOutputStream(), true);
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(client.getInputStream()));
                for (String line : new String[] {"a", "b"}) {
                    out.println(line);
                    System.out.println(in.readLine());
                }
            }
            echo.join();
        }
    }

    static void child() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "read line; echo child $line; exit 3")
                .redirectErrorStream(true).start();
        try (PrintWriter out = new PrintWriter(process.getOutputStream(), true)) {
            out.println("hears");
        }
        System.out.print(new String(process.getInputStream().readAllBytes()));
        System.out.println("exit " + process.waitFor());
    }

    static void exceptions() {
        int caught = 0;
        for (int[] numbers : new int[][] {{1}, null, {}}) {
            try {
                caught += numbers[0];
            } catch (NullPointerException error) {
                caught += 10;
            } catch (ArrayIndexOutOfBoundsException error) {
                caught += 100;
            }
        }
        System.out.println("caught " + caught + " " + deep(0));
    }

    static int deep(int depth) {
        try {
            return deep(depth + 1);
        } catch (StackOverflowError error) {
            return 1;
        }
    }
}
