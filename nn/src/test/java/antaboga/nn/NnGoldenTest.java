// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.golden.GoldenRunner;
import antaboga.nn.loss.LossCases;
import antaboga.nn.metric.MetricCases;
import antaboga.nn.optim.OptimCases;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Layers, losses, optimisers and metrics against the reference implementations. */
class NnGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    var runner = GoldenRunner.of("nn");
    LayerCases.claim(runner);
    LossCases.claim(runner);
    OptimCases.claim(runner);
    MetricCases.claim(runner);
    return runner.tests();
  }
}
