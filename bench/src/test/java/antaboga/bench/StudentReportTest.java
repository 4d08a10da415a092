// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudentReportTest {
  @TempDir Path folder;

  private static String resource(String name) throws Exception {
    var found = StudentReportTest.class.getResource(name);
    return Path.of(Objects.requireNonNull(found).toURI()).toString();
  }

  private Path record() {
    return folder.resolve("record.json");
  }

  private String recorded() throws Exception {
    StudentReport.main(
        new String[] {
          record().toString(),
          "0123456789abcdef",
          resource("student.json"),
          resource("student-costs.json")
        });
    return table();
  }

  private String table() throws IOException {
    return Files.readString(folder.resolve("record.md"));
  }

  @Test
  void setsEnginesSideBySide() throws Exception {
    var table = recorded();
    assertTrue(table.contains("| inference, 1 image: ms | 1 | 80 | 400 | 0.20 |\n"), table);
    assertTrue(table.contains("| inference, 8 images: ms | 4 | 200 | 1000 | 0.20 |\n"), table);
    assertTrue(table.contains("| peak memory, 1 image: MB | 1 | 500 | 500 | 1.00 |\n"), table);
  }

  @Test
  void dividesAStepAmongItsKernels() throws Exception {
    var table = recorded();
    assertTrue(table.contains("| batch 16 | 1 | 4.00 | 62.5 | 25.0 | 2.5 | 5.0 | 5.0 |\n"), table);
  }

  @Test
  void reportsItsOwnRecordAgain() throws Exception {
    var first = recorded();
    StudentReport.main(new String[] {record().toString()});
    assertEquals(first, table());
  }
}
