// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
  // as TensorBoard 2.21 writes them with protobuf and a CRC of its own
  private static final String VERSION =
      "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28" + "646c";
  private static final String SCALAR =
      "200000000000000029eda95009000000000000f83f10072a130a110a0a6c6f73732f746f7461"
          + "6c150000803ed2807d5a";

  @Test
  void bytesAreThoseOfTensorBoard(@TempDir Path folder) throws IOException {
    var file = folder.resolve("events.out.tfevents.antaboga");
    var events = new EventFile(file);
    events.add(7, 1.5, "loss/total", 0.25);
    events.flush();
    assertEquals(VERSION + SCALAR, HexFormat.of().formatHex(Files.readAllBytes(file)));
  }

  @Test
  void goesOnWhereAFileEnds(@TempDir Path folder) throws IOException {
    var file = folder.resolve("events.out.tfevents.antaboga");
    for (int run = 0; run < 2; run++) {
      var events = new EventFile(file);
      events.add(7, 1.5, "loss/total", 0.25);
      events.flush();
    }
    assertEquals(VERSION + SCALAR + SCALAR, HexFormat.of().formatHex(Files.readAllBytes(file)));
  }
}
