// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The snippets of README and docs compile, and print what stands behind them; so do the lessons.
 */
class GuideTest {
  private static final String IMPORTS =
      Stream.of(
              "antaboga",
              "antaboga.distill.semi",
              "antaboga.io",
              "antaboga.mamba",
              "antaboga.mamba.vision",
              "antaboga.medsam",
              "antaboga.medsam.model",
              "antaboga.nn",
              "antaboga.nn.data",
              "antaboga.nn.loss",
              "antaboga.nn.optim",
              "java.nio.file",
              "java.util")
          .map(name -> "import " + name + ".*;")
          .collect(Collectors.joining(" "));

  private final Path temporary;

  GuideTest(@TempDir Path temporary) {
    this.temporary = temporary;
  }

  @TestFactory
  Stream<DynamicTest> snippetsCompileAndPrintWhatIsShown() throws IOException {
    return Guides.java().stream()
        .map(snippet -> DynamicTest.dynamicTest(snippet.where(), () -> check(snippet)));
  }

  private void check(Guides.Snippet snippet) throws Exception {
    var source =
        IMPORTS
            + " public class Shown { public static void main(String... arguments) throws Exception {\n"
            + snippet.code()
            + "\n}}\n";
    var file = Files.writeString(temporary.resolve("Shown.java"), source);
    var said = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                said,
                said,
                "-d",
                temporary.toString(),
                "-cp",
                classPath(),
                "-proc:none",
                file.toString());
    assertEquals(0, status, said.toString(StandardCharsets.UTF_8));
    if (snippet.code().contains("System.out")) {
      assertEquals(snippet.output(), printed(temporary));
    }
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private static String printed(Path classes) throws Exception {
    var bytes = new ByteArrayOutputStream();
    var console = System.out;
    try (var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
      loader
          .loadClass("Shown")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(console);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void everySystemPropertyIsDocumented() throws IOException {
    var guide = Files.readString(Path.of("..", "docs", "kernels.md"));
    var property =
        Pattern.compile(
            "(?:getProperty|getInteger|getBoolean|Choice\\.of)\\(\\s*\"(antaboga[.a-z]+)\"");
    var names = new TreeSet<String>();
    try (var sources = Files.walk(Path.of(".."))) {
      for (var file : sources.filter(f -> f.toString().endsWith(".java")).toList()) {
        if (file.toString().contains(Path.of("src", "main").toString())) {
          property.matcher(Files.readString(file)).results().forEach(m -> names.add(m.group(1)));
        }
      }
    }
    assertTrue(names.contains("antaboga.scan"), names.toString());
    for (var name : names) {
      assertTrue(guide.contains(name), name + " is not in docs/kernels.md");
    }
  }

  @Test
  void boxLessonIsQuotedInTheReadme() throws IOException {
    assertTrue(
        Files.readString(Path.of("..", "README.md"))
            .contains("    " + output(E03SegmentWithABox::run)));
  }

  @Test
  void tapeLessonPrintsTheSameEverywhere() throws IOException {
    assertEquals(
        """
        dy/dx = 1.6587
        step 0, mean squared error 1.56
        step 100, mean squared error 0.03
        step 200, mean squared error 0.02
        step 300, mean squared error 0.01
        step 400, mean squared error 0.01
        model(1.5) = 0.94, sin(1.5) = 1.00
        """,
        output(E01Tape::run));
  }

  @Test
  void scanLessonPrintsTheSameEverywhere() throws IOException {
    assertEquals(
        """
        y (2, 128, 196), first value 0.1724
        difference before the change 0.0
        gradient (2, 128, 196), norm 0.033371
        """,
        output(E02Scan::run));
  }

  @Test
  void distilLessonPrintsTheSameEverywhere() throws IOException {
    assertEquals(
        """
        step 0, feature loss 2.0
        step 20, feature loss 0.3
        step 40, feature loss 0.2
        student of 1,344,956 parameters
        """,
        output(E04Distil::run));
  }

  @Test
  void semiSupervisedLessonPrintsTheSameEverywhere() throws IOException {
    assertEquals(
        """
        30 steps, the supervised loss fell: true
        kept in checkpoint.safetensors
        """,
        output(E05SemiSupervised::run));
  }

  private interface Lesson {
    void run(PrintStream out) throws IOException;
  }

  private static String output(Lesson lesson) throws IOException {
    var bytes = new ByteArrayOutputStream();
    lesson.run(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
