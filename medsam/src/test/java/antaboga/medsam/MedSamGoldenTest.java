// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.golden.GoldenRunner;
import antaboga.medsam.model.PartCases;
import antaboga.medsam.model.SamCases;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** SAM, MedSAM and their preparation of images against the original code. */
class MedSamGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    var runner = GoldenRunner.of("medsam");
    PreparationCases.claim(runner);
    PartCases.claim(runner);
    SamCases.claim(runner);
    TrainingCases.claim(runner);
    VitBCase.claim(runner);
    return runner.tests();
  }
}
