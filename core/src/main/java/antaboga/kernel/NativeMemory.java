// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;

/** The C library's share in memory outside Java's heap. */
public final class NativeMemory {
  /** Where JNA finds the C library's function. */
  interface CLibrary extends Library {
    int malloc_trim(NativeLong pad);
  }

  private NativeMemory() {}

  /**
   * Has freed memory go back to the system, which glibc else keeps for later; elsewhere it does
   * nothing. Worth a few milliseconds after much was freed.
   */
  public static void trim() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return;
    }
    try {
      Native.load("c", CLibrary.class).malloc_trim(new NativeLong(0));
    } catch (UnsatisfiedLinkError e) {
      // another C library, such as musl: it has no such call and keeps little
    }
  }
}
