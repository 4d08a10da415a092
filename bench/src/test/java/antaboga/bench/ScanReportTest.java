// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScanReportTest {
  private static final String COMMIT = "0123456789abcdef";

  @TempDir Path folder;

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(Objects.requireNonNull(ScanReportTest.class.getResource(name)).toURI());
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private String reported(String... args) throws IOException {
    ScanReport.main(args);
    return Files.readString(folder.resolve("record.md"));
  }

  private String recorded(Path... inputs) throws IOException {
    var args = new String[inputs.length + 2];
    args[0] = folder.resolve("record.json").toString();
    args[1] = COMMIT;
    for (int i = 0; i < inputs.length; i++) {
      args[i + 2] = inputs[i].toString();
    }
    return reported(args);
  }

  @Test
  void setsTheScanBesideItsRoofAndOthers() throws Exception {
    var table = recorded(resource("scan.json"));
    assertTrue(table.contains("| 32x64 | roof | 0.200 |  | 0.050 | 4.0 |  |  |  |  |  |"), table);
    assertTrue(
        table.contains("|  | forward | 0.250 | 80 % | 0.063 | 4.0 | 20 | 200 | 80 | 320 |"), table);
    assertTrue(table.contains("|  | backward | 0.800 | 25 % | 0.200 | 4.0 | 15 |  |  |  |"), table);
  }

  @Test
  void showsCostOverEachSizeWithThreePoints() throws Exception {
    var table = recorded(resource("scan.json"));
    assertTrue(
        table.contains("| ns per update | forward, D (L 8, N 4) | forward, L (D 8, N 4) |"), table);
    assertTrue(table.contains("| 16 | 0.300 | 0.300 |"), table);
    assertTrue(table.contains("Largest errors of all these shapes: "), table);
  }

  @Test
  void drawsBothPlots() throws Exception {
    recorded(resource("scan.json"));
    for (var name : new String[] {"record-roofline.png", "record-cost.png"}) {
      assertTrue(ImageIO.read(folder.resolve(name).toFile()).getWidth() >= 800, name);
    }
  }

  @Test
  void recordsMachineFlagsCommitAndErrors() throws Exception {
    recorded(resource("scan.json"));
    var record = json(folder.resolve("record.json"));
    assertEquals(COMMIT, record.path("commit").asText());
    assertEquals("17.0.15", record.path("jdk").asText());
    assertEquals("--add-modules=jdk.incubator.vector", record.path("flags").path(0).asText());
    assertTrue(record.path("processor").asText().contains("processors"));
    double error = record.path("errors").path("32x64").path("forward").asDouble();
    assertTrue(error > 0 && error < 1e-5, "error " + error);
  }

  @Test
  void leavesOutSingleCallsAndWhereTheMachineKeepsItsJvm() throws Exception {
    recorded(resource("scan.json"));
    var text = Files.readString(folder.resolve("record.json"));
    assertFalse(text.contains("rawDataHistogram"), text);
    assertFalse(text.contains("/opt/jdk"), text);
  }

  @Test
  void reportsARecordAgainAlike() throws Exception {
    var first = recorded(resource("scan.json"));
    assertEquals(first, reported(folder.resolve("record.json").toString()));
  }

  @Test
  void addsUpTestsOfADevice() throws Exception {
    var xml = Files.createFile(folder.resolve("TEST-a.xml"));
    Files.writeString(xml, "<testsuite name=\"a\" tests=\"7\" failures=\"1\" errors=\"2\">");
    recorded(resource("scan.json"), xml);
    var tests = json(folder.resolve("record.json")).path("tests");
    assertEquals(7, tests.path("run").asInt());
    assertEquals(3, tests.path("failed").asInt());
  }

  @Test
  void boundsADeviceByItsCopiesOrExponentials() throws Exception {
    var file = Files.copy(resource("device.json"), folder.resolve("record.json"));
    var table = reported(file.toString());
    assertTrue(
        table.contains("| 1x2048x4096 | 0,0,0,0 | forward | 100.0 | 90.0 | 90 % | 1500 |"), table);
    assertTrue(table.contains("| backward | 300.0 | 180.0 | 60 % |  |"), table);
    assertTrue(table.contains("Tests on the device: 100, failed: 0."), table);
    assertFalse(Files.exists(folder.resolve("record-cost.png")));
  }

  @Test
  void refusesTimesInOtherUnits() throws Exception {
    var input = folder.resolve("seconds.json");
    Files.writeString(input, Files.readString(resource("scan.json")).replace("us/op", "ms/op"));
    var e = assertThrows(IllegalArgumentException.class, () -> recorded(input));
    assertEquals(
        "ExponentialBenchmark.exponentials: unit ms/op, expected us/op (JMH without -bm and -tu)",
        e.getMessage());
  }
}
