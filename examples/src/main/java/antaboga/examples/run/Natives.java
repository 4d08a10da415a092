// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.Blas;
import com.sun.jna.Library;
import com.sun.jna.Native;

/**
 * What must happen before the first tensor: forced kernels are checked, and the environment is set
 * that native libraries read as they load.
 */
public final class Natives {
  private interface CLibrary extends Library {
    int setenv(String name, String value, int overwrite);
  }

  private Natives() {}

  /** For large models: BLAS on all cores. */
  public static String prepare() {
    Kernels.require();
    return Blas.prepare();
  }

  /**
   * For small models: BLAS on one thread, unless the user has set {@code OMP_NUM_THREADS}. Products
   * of a few hundred rows lose more to waiting for one another than they gain; the kernels beside
   * BLAS still use all cores.
   */
  public static String prepareSmall() {
    if (System.getenv("OMP_NUM_THREADS") == null
        && !System.getProperty("os.name").startsWith("Windows")) {
      Native.load("c", CLibrary.class).setenv("OMP_NUM_THREADS", "1", 1);
    }
    return prepare();
  }
}
