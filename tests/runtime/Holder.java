// Holds memory as it is told: `hold MIB`, `direct MIB`, `drop`, `thin` for one in eight; among garbage.
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

public class Holder {
    static final List<Object> held = new ArrayList<>();
    static byte[] garbage;

    public static void main(String[] arguments) {
        System.out.println("ready");
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] words = lines.nextLine().split(" ");
            if (words[0].equals("drop")) held.clear();
            if (words[0].equals("thin")) for (int at = 0; at < held.size(); at += 8) held.set(at, null);
            int mib = words.length > 1 ? Integer.parseInt(words[1]) : 0;
            for (int piece = 0; piece < mib * 16; piece++) {
                if (words[0].equals("hold")) {
                    // With its header of 16 bytes, 64 KiB.
                    held.add(new byte[65520]);
                    for (int times = 0; times < 10; times++) garbage = new byte[65520];
                } else {
                    ByteBuffer buffer = ByteBuffer.allocateDirect(65536);
                    for (int at = 0; at < 65536; at += 4096) buffer.put(at, (byte) 1);
                    held.add(buffer);
                }
            }
            System.out.println("ready");
        }
    }
}
