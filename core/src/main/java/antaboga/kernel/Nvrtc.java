// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * NVIDIA's compiler as a library: CUDA C++ to the machine code of one architecture. It needs no
 * device; JavaCPP's binding of it, though, loads the driver's library first.
 *
 * <p>Machine code (a cubin) and not PTX: a compiler writes PTX in its own version, which an older
 * driver refuses.
 */
public final class Nvrtc {
  private static final int SUCCESS = 0;

  private Nvrtc() {}

  /** Why it cannot be used here; empty where it can. Loads the library. */
  public static Optional<String> unavailable() {
    try {
      version();
      return Optional.empty();
    } catch (LinkageError e) {
      return Optional.of(Cuda.reason(e));
    }
  }

  /** Its version, such as 13.1. */
  public static String version() {
    var major = new int[1];
    var minor = new int[1];
    check("nvrtcVersion", nvrtc.nvrtcVersion(major, minor));
    return major[0] + "." + minor[0];
  }

  /**
   * Compiles for an architecture.
   *
   * @param name for messages
   * @param architecture such as {@code sm_90}
   * @param options such as {@code -DSTATES=16}
   * @return a cubin
   * @throws IllegalArgumentException with the compiler's words if it does not compile
   */
  public static byte[] compile(
      String name, String source, String architecture, List<String> options) {
    try (var program = new _nvrtcProgram();
        var text = new BytePointer(source);
        var title = new BytePointer(name)) {
      PointerPointer<BytePointer> none = new PointerPointer<>();
      check("nvrtcCreateProgram", nvrtc.nvrtcCreateProgram(program, text, title, 0, none, none));
      try {
        int code = compile(program, architecture, options);
        if (code != SUCCESS) {
          throw new IllegalArgumentException(
              "%s for %s %s: %s".formatted(name, architecture, options, log(program)));
        }
        return cubin(program);
      } finally {
        nvrtc.nvrtcDestroyProgram(program);
      }
    }
  }

  private static int compile(_nvrtcProgram program, String architecture, List<String> options) {
    var all = new java.util.ArrayList<>(options);
    all.add("--gpu-architecture=" + architecture);
    all.add("--std=c++17");
    var strings = all.toArray(String[]::new);
    try (var pointers = new PointerPointer<BytePointer>(strings)) {
      return nvrtc.nvrtcCompileProgram(program, strings.length, pointers);
    }
  }

  private static String log(_nvrtcProgram program) {
    try (var size = new SizeTPointer(1)) {
      check("nvrtcGetProgramLogSize", nvrtc.nvrtcGetProgramLogSize(program, size));
      try (var text = new BytePointer(size.get())) {
        check("nvrtcGetProgramLog", nvrtc.nvrtcGetProgramLog(program, text));
        return text.getString();
      }
    }
  }

  private static byte[] cubin(_nvrtcProgram program) {
    try (var size = new SizeTPointer(1)) {
      check("nvrtcGetCUBINSize", nvrtc.nvrtcGetCUBINSize(program, size));
      try (var code = new BytePointer(size.get())) {
        check("nvrtcGetCUBIN", nvrtc.nvrtcGetCUBIN(program, code));
        var bytes = new byte[Math.toIntExact(size.get())];
        code.get(bytes);
        return bytes;
      }
    }
  }

  private static void check(String call, int code) {
    if (code != SUCCESS) {
      throw new CudaException(call, code, nvrtc.nvrtcGetErrorString(code).getString());
    }
  }
}
