// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What shows only in a process of its own: the number of threads, and memory. */
class ProcessTest {
  private final Path folder;

  ProcessTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private String[] train(int steps, String name, String... options) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xms160m", "-Xmx160m", "-XX:+AlwaysPreTouch"));
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(WholeMethod.class.getName(), "" + steps, "" + folder.resolve(name)));
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("OMP_NUM_THREADS", "1");
    var process = builder.start();
    var printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertEquals(0, process.waitFor(), printed);
    return printed.split(" ");
  }

  @Test
  void oneThreadAndFourGiveTheSameBits() throws Exception {
    var one = train(6, "one", "-Dantaboga.threads=1");
    var four = train(6, "four", "-Dantaboga.threads=4");
    assertEquals(one[0], four[0]);
  }

  @Test
  void memoryStaysFlat() throws Exception {
    var printed = train(80, "long", "-Dantaboga.threads=1");
    double growth = Double.parseDouble(printed[2]) / Double.parseDouble(printed[1]);
    assertTrue(growth < 1.1, "megabytes at half time and at the end: " + List.of(printed));
  }
}
