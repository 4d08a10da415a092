// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.golden.GoldenRunner;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The operations of core against PyTorch. */
class CoreGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    return GoldenRunner.of("core").tests();
  }
}
