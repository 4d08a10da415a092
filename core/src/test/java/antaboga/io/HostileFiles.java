// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes damaged and malicious checkpoint files; the same ones each time. */
final class HostileFiles {
  /** Takes one file after the other; none is kept. */
  interface Sink {
    /** A file of a kind; of a kind with {@link #DAMAGED} in its name some may still be valid. */
    void accept(String kind, byte[] file) throws Exception;
  }

  /** Marks kinds that change bits anywhere: where nothing depends on them, the file is valid. */
  static final String DAMAGED = "flipped";

  private static final long[] EXTREMES = {
    -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 31, 1L << 32, 1L << 40, 1L << 62, (1L << 63) - 8
  };

  private HostileFiles() {}

  /** All of them; {@code seeds} are further valid files, damaged at random. */
  static void all(List<byte[]> seeds, Sink sink) throws Exception {
    HostileSafeTensors.all(sink);
    HostileZips.all(sink);
    HostilePickles.all(sink);
    everywhere("safetensors", HostileSafeTensors.valid(), sink);
    everywhere("zip", HostileZips.valid(), sink);
    everywhere("zip, deflated", HostileZips.validDeflated(), sink);
    everywhere("legacy", HostilePickles.legacy(HostilePickles.VALID), sink);
    var random = new SplittableRandom(7);
    for (var seed : seeds) {
      atRandom(seed, random, sink);
    }
  }

  private static void everywhere(String format, byte[] valid, Sink sink) throws Exception {
    var random = new SplittableRandom(format.hashCode());
    for (int at = 0; at < valid.length; at++) {
      sink.accept(format + ": cut at every byte", Arrays.copyOf(valid, at));
      var flipped = valid.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      sink.accept(format + ": one bit " + DAMAGED + " in every byte", flipped);
    }
  }

  private static void atRandom(byte[] seed, SplittableRandom random, Sink sink) throws Exception {
    for (int i = 0; i < 40; i++) {
      sink.accept("PyTorch's own: cut anywhere", Arrays.copyOf(seed, random.nextInt(seed.length)));
      var flipped = seed.clone();
      for (int n = random.nextInt(1, 6); n > 0; n--) {
        // most of the structure stands at both ends
        int at = random.nextInt(random.nextInt(3) == 0 ? seed.length : Math.min(1500, seed.length));
        int from = random.nextBoolean() ? at : seed.length - 1 - at;
        flipped[from] ^= (byte) random.nextInt(1, 256);
      }
      sink.accept("PyTorch's own: a few bytes " + DAMAGED, flipped);
    }
  }

  /** Numbers at which sums and products overflow. */
  static long[] extremes() {
    return EXTREMES.clone();
  }

  /** One character per byte. */
  static byte[] bytes(String latin) {
    return latin.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The low bytes of a number, the lowest first, one character each. */
  static String little(long number, int bytes) {
    var out = new StringBuilder();
    for (int i = 0; i < bytes; i++) {
      out.append((char) (number >>> (8 * i) & 0xff));
    }
    return out.toString();
  }
}
