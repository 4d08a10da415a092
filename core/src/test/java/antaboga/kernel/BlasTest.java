// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class BlasTest {
  private static final String ZEN_5 =
      "vendor_id : AuthenticAMD\nflags : fpu avx2 avx512f avx512dq avx512bw avx512vl\n";

  @Test
  void asksForAvx512WhereOpenBlasDoesNotRecogniseIt() {
    assertEquals(
        Map.of("OMP_WAIT_POLICY", "passive", "OPENBLAS_CORETYPE", "SkylakeX"), Blas.wanted(ZEN_5));
  }

  @Test
  void leavesTheCoreTypeAloneElsewhere() {
    var passive = Map.of("OMP_WAIT_POLICY", "passive");
    assertEquals(passive, Blas.wanted(ZEN_5.replace("AuthenticAMD", "GenuineIntel")));
    assertEquals(passive, Blas.wanted(ZEN_5.replace("avx512f", "fma")));
    assertEquals(passive, Blas.wanted(""));
  }
}
