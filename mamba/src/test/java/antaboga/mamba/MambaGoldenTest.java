// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.golden.GoldenRunner;
import antaboga.mamba.vision.UltraLightCases;
import antaboga.mamba.vision.VisionCases;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Scan, blocks and networks against the reference implementations. */
class MambaGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    var runner = GoldenRunner.of("mamba");
    ScanCases.claim(runner);
    BlockCases.claim(runner);
    VisionCases.claim(runner);
    UltraLightCases.claim(runner);
    return runner.tests();
  }
}
