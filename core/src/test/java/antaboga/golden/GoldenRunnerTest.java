// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.io.Npy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

class GoldenRunnerTest {
  private static final String MANIFEST =
      """
      {"cases": [
        {"id": "s/twice", "function": "twice n=2", "params": {"n": 2},
         "tol": {"rtol": 0, "atol": 1e-3},
         "inputs": {"x": {"file": "x.npy", "shape": [2], "dtype": "float32"}},
         "outputs": {"out": {"file": "y.npy", "shape": [2], "dtype": "float32"},
                     "near": {"file": "y.npy", "shape": [2], "dtype": "float32",
                              "atol_suggested": 1e-5}},
         "grads": {"dx": {"file": "x.npy", "shape": [2], "dtype": "float32"}}}]}
      """;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Path folder;

  GoldenRunnerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeCase() throws IOException {
    Files.writeString(folder.resolve("manifest.json"), MANIFEST);
    Npy.write(folder.resolve("x.npy"), Nd4j.createFromArray(1f, 2f));
    Npy.write(folder.resolve("y.npy"), Nd4j.createFromArray(2f, 4f));
  }

  private GoldenRunner runner() {
    return new GoldenRunner(
        "core",
        Golden.load(folder),
        new Owners(List.of("twice.*\tcore", "thrice.*\tnn")),
        new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  private static void twice(GoldenCase c, Check check) {
    var y = c.input("x").mul(c.params().get("n").asDouble());
    check.output("out", y);
    check.output("near", y);
    check.grad("dx", c.input("x"));
  }

  private void execute(GoldenRunner runner) throws Throwable {
    try (var tests = runner.tests()) {
      for (var test : tests.toList()) {
        test.getExecutable().execute();
      }
    }
  }

  @Test
  void rightValuesPass() throws Throwable {
    execute(runner().claim("twice.*", GoldenRunnerTest::twice));
    assertEquals("golden s: 1 passed, 0 failed", lines());
  }

  @Test
  void unclaimedFunctionFails() {
    var error = assertThrows(AssertionError.class, () -> execute(runner()));
    assertTrue(error.toString().contains("0 claims of core match"), error::toString);
    assertEquals("golden s: 0 passed, 1 failed", lines());
  }

  @Test
  void twoClaimsOfOneCaseFail() {
    var runner =
        runner()
            .claim("twice.*", GoldenRunnerTest::twice)
            .claim("twice n=.*", GoldenRunnerTest::twice);
    assertThrows(AssertionError.class, () -> execute(runner));
  }

  @Test
  void claimMatchesTheWholeFunctionText() {
    var runner = runner().claim("twice", GoldenRunnerTest::twice);
    assertThrows(AssertionError.class, () -> execute(runner));
  }

  @Test
  void claimMayDependOnParams() {
    var runner =
        runner()
            .claim("twice.*", c -> c.params().get("n").asInt() == 2, GoldenRunnerTest::twice)
            .claim("twice.*", c -> c.params().get("n").asInt() == 3, GoldenRunnerTest::twice);
    assertDoesNotThrow(() -> execute(runner));
  }

  @Test
  void caseOfAnotherModuleIsNotRun() {
    var owners = new Owners(List.of("twice.*\tnn"));
    var runner =
        new GoldenRunner(
            "core",
            Golden.load(folder),
            owners,
            new PrintStream(printed, true, StandardCharsets.UTF_8));
    assertEquals(0, runner.tests().count());
  }

  @Test
  void wrongValueFails() {
    fails("worst at 1", (c, check) -> check.output("out", Nd4j.createFromArray(2f, 4.01f)));
  }

  @Test
  void caseToleranceHoldsWithoutOneOfItsOwn() {
    fails(
        "near: 1 of 2",
        (c, check) -> {
          check.output("out", Nd4j.createFromArray(2f, 4.0005f));
          check.output("near", Nd4j.createFromArray(2f, 4.0005f));
        });
  }

  @Test
  void nanFails() {
    fails("worst at 0", (c, check) -> check.output("out", Nd4j.createFromArray(Float.NaN, 4f)));
  }

  @Test
  void wrongShapeFails() {
    fails("shape (1), expected (2)", (c, check) -> check.output("out", Nd4j.createFromArray(2f)));
  }

  @Test
  void forgottenArrayFails() {
    fails("grads.dx: not compared", (c, check) -> check.output("out", c.input("x").mul(2)));
  }

  @Test
  void skippingNeedsAReason() {
    fails(
        "",
        (c, check) ->
            assertThrows(IllegalArgumentException.class, () -> check.skip("grads", "dx", " ")));
  }

  private void fails(String message, GoldenRunner.Runner runner) {
    var error =
        assertThrows(AssertionError.class, () -> execute(runner().claim("twice.*", runner)));
    assertTrue(error.toString().contains(message), error::toString);
    assertEquals("golden s: 0 passed, 1 failed", lines());
  }

  private String lines() {
    return printed.toString(StandardCharsets.UTF_8).strip();
  }
}
