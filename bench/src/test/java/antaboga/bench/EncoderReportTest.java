// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderReportTest {
  @TempDir Path folder;

  private String recorded(Path... inputs) throws IOException {
    var args = new ArrayList<>(List.of(folder.resolve("record.json") + "", "0123456789abcdef"));
    for (var input : inputs) {
      args.add(input.toString());
    }
    EncoderReport.main(args.toArray(String[]::new));
    return Files.readString(folder.resolve("record.md"));
  }

  private static Path runs() throws Exception {
    var found = EncoderReportTest.class.getResource("encoder.json");
    return Path.of(Objects.requireNonNull(found).toURI());
  }

  @Test
  void setsMediansAndPeaksSideBySide() throws Exception {
    var table = recorded(runs());
    assertTrue(table.contains("| encoder, 1024 px: s | 1 | 7.00 | 8.00 | 0.88 |\n"), table);
    assertTrue(table.contains("| encoder, 1024 px: s | 4 | 2.05 | 4.00 | 0.51 |\n"), table);
    assertTrue(table.contains("| peak memory, 1024 px: MB | 4 | 1000 | 4000 | 0.25 |\n"), table);
    assertTrue(table.contains("| one more box, 1024 px: ms | 1 | 25.0 | 50.0 | 0.50 |\n"), table);
  }

  @Test
  void roundsCountTogether() throws Exception {
    var second = folder.resolve("second.json");
    var json = Files.readString(runs());
    Files.writeString(second, json.replaceAll("\"rawData\" *: *\\[\\s*\\[", "$01e6,1e6,"));
    assertFalse(json.equals(Files.readString(second)));
    var once = recorded(runs());
    var table = recorded(runs(), second);
    assertEquals(once.lines().count(), table.lines().count());
    assertFalse(table.contains("| encoder, 1024 px: s | 1 | 7.00 |"), table);
  }

  @Test
  void tellsHowTimeAndMemoryGrow() throws Exception {
    var table = recorded(runs());
    assertTrue(table.contains("| 256 | 256 | 0.26 | 1.00 | 600 |\n"), table);
    assertTrue(table.contains("| 1024 | 4096 | 2.05 | 0.50 | 1000 |\n"), table);
  }

  @Test
  void reportsItsOwnRecordAgain() throws Exception {
    var first = recorded(runs());
    var record = folder.resolve("record.json");
    EncoderReport.main(new String[] {record.toString()});
    assertEquals(first, Files.readString(folder.resolve("record.md")));
    var json = new ObjectMapper().readTree(record.toFile());
    assertEquals("0123456789abcdef", json.path("commit").asText());
    assertFalse(json.path("runs").path(0).has("jvm"), "names a folder of this machine");
    assertFalse(json.path("runs").path(0).path("params").has("files"), "so do they");
  }

  @Test
  void refusesOtherUnits() throws Exception {
    var input = folder.resolve("us.json");
    Files.writeString(input, Files.readString(runs()).replace("ms/op", "us/op"));
    var e = assertThrows(IllegalArgumentException.class, () -> recorded(input));
    assertTrue(String.valueOf(e.getMessage()).contains("us/op, expected some in ms/op"));
  }
}
