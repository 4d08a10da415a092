// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * An NVIDIA device through the driver's own interface; kernels are compiled for its architecture
 * when they are first needed. Every code that the driver returns is checked.
 *
 * <p>JavaCPP's CUDA presets are optional on the class path. {@link #unavailable} says in words
 * which link of the chain is missing: the presets, the driver, the runtime, the compiler, a device.
 */
public final class Cuda implements Device {
  private static final int SUCCESS = 0;

  /** What NVRTC 13 compiles for. */
  static final int OLDEST = 75;

  private final int number;
  private final CUctx_st context;

  private Cuda(int number) {
    this.number = number;
    context = new CUctx_st();
    check("cuDevicePrimaryCtxRetain", cudart.cuDevicePrimaryCtxRetain(context, number));
  }

  /** The outcome of the search for a device, made once. */
  private static final class Found {
    static final @Nullable String REASON = search();
    static final @Nullable Cuda DEVICE = REASON == null ? new Cuda(0) : null;

    private static @Nullable String search() {
      try {
        int code = cudart.cuInit(0);
        if (code != SUCCESS) {
          return "cuInit: " + name(code) + " (" + code + ")";
        }
        var count = new int[1];
        check("cuDeviceGetCount", cudart.cuDeviceGetCount(count));
        if (count[0] == 0) {
          return "the driver sees no device";
        }
        int capability = capability(0);
        if (capability < OLDEST) {
          return "%s has compute capability %.1f, expected at least %.1f"
              .formatted(name(0, "device"), capability / 10.0, OLDEST / 10.0);
        }
        return Nvrtc.unavailable().orElse(null);
      } catch (LinkageError e) {
        return reason(e);
      }
    }
  }

  /** Why no device can be used, with the remedy; empty where one can. Asks the driver once. */
  public static Optional<String> unavailable() {
    return Optional.ofNullable(Found.REASON);
  }

  /**
   * The first device.
   *
   * @throws IllegalStateException with the reason if none can be used
   */
  public static Cuda first() {
    if (Found.DEVICE == null) {
      throw new IllegalStateException("cuda: " + Found.REASON);
    }
    return Found.DEVICE;
  }

  /** What a failure to load one of CUDA's libraries means. */
  static String reason(LinkageError e) {
    // a class whose first use failed says why in its cause
    var first = e.getCause() == null ? e : e.getCause();
    var message = Objects.requireNonNullElse(first.getMessage(), first.toString());
    if (first instanceof ClassNotFoundException) {
      return "org.bytedeco:cuda is not on the class path (Maven profile cuda-kernels)";
    }
    if (message.contains("libcuda.so.1") || message.contains("nvcuda.dll")) {
      return "no NVIDIA driver: " + message;
    }
    if (message.contains("libcudart") || message.contains("libnvrtc")) {
      return "no CUDA 13 toolkit, or LD_LIBRARY_PATH does not name its libraries: " + message;
    }
    if (message.contains("jnicudart") || message.contains("jninvrtc")) {
      return "the natives of org.bytedeco:cuda are not on the class path (Maven profile"
          + " cuda-kernels): "
          + message;
    }
    return message;
  }

  /** Compute capability of the first device, times ten; empty where the driver sees none. */
  static Optional<Integer> capability() {
    try {
      var count = new int[1];
      boolean found =
          cudart.cuInit(0) == SUCCESS && cudart.cuDeviceGetCount(count) == SUCCESS && count[0] > 0;
      return found ? Optional.of(capability(0)) : Optional.empty();
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  private static int capability(int device) {
    return 10 * attribute(device, cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
        + attribute(device, cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  private static int attribute(int device, int which) {
    var value = new int[1];
    check("cuDeviceGetAttribute", cudart.cuDeviceGetAttribute(value, which, device));
    return value[0];
  }

  private static String name(int device, String otherwise) {
    var name = new byte[256];
    if (cudart.cuDeviceGetName(name, name.length, device) != SUCCESS) {
      return otherwise;
    }
    return new String(name, StandardCharsets.UTF_8).trim();
  }

  @Override
  public String description() {
    var version = new int[1];
    check("cuDriverGetVersion", cudart.cuDriverGetVersion(version));
    return "%s, compute capability %.1f, driver for CUDA %d.%d, NVRTC %s"
        .formatted(
            name(number, "device"),
            capability(number) / 10.0,
            version[0] / 1000,
            version[0] % 1000 / 10,
            Nvrtc.version());
  }

  @Override
  public int processors() {
    return attribute(number, cudart.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  }

  @Override
  public DeviceBuffer allocate(long bytes) {
    enter();
    var address = new long[1];
    int code = cudart.cuMemAlloc(address, bytes);
    if (code == cudart.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new CudaException(
          "cuMemAlloc", code, "asked for %d bytes, %d are free".formatted(bytes, free()));
    }
    check("cuMemAlloc", code);
    return new DeviceBuffer(this, address[0], bytes);
  }

  private static long free() {
    try (var free = new SizeTPointer(1);
        var total = new SizeTPointer(1)) {
      check("cuMemGetInfo", cudart.cuMemGetInfo(free, total));
      return free.get();
    }
  }

  @Override
  public void release(long address) {
    enter();
    check("cuMemFree", cudart.cuMemFree(address));
  }

  @Override
  public void write(long to, Pointer from, long bytes) {
    enter();
    check("cuMemcpyHtoD", cudart.cuMemcpyHtoD(to, from, bytes));
  }

  @Override
  public void read(long from, Pointer to, long bytes) {
    enter();
    check("cuMemcpyDtoH", cudart.cuMemcpyDtoH(to, from, bytes));
  }

  @Override
  public void await() {
    enter();
    check("cuCtxSynchronize", cudart.cuCtxSynchronize());
  }

  @Override
  public Program compile(String name, String source, List<String> options) {
    enter();
    var cubin = Nvrtc.compile(name, source, "sm_" + capability(number), options);
    var module = new CUmod_st();
    try (var code = new BytePointer(cubin)) {
      check("cuModuleLoadData", cudart.cuModuleLoadData(module, code));
    }
    return new Loaded(module);
  }

  /** The driver keeps its context by thread. */
  private void enter() {
    check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
  }

  /** A module on the device, and the kernels of it that were used. */
  private final class Loaded implements Program {
    private final CUmod_st module;
    private final Map<String, CUfunc_st> kernels = new HashMap<>();

    Loaded(CUmod_st module) {
      this.module = module;
    }

    @Override
    public void launch(String kernel, int gridX, int gridY, int threads, long... fields) {
      enter();
      try (var structure = new LongPointer(fields);
          var parameters = new PointerPointer<LongPointer>(1)) {
        parameters.put(0, structure);
        var none = new PointerPointer<Pointer>();
        check(
            kernel,
            cudart.cuLaunchKernel(
                kernels.computeIfAbsent(kernel, this::find),
                gridX,
                gridY,
                1,
                threads,
                1,
                1,
                0,
                null,
                parameters,
                none));
      }
    }

    private CUfunc_st find(String kernel) {
      var function = new CUfunc_st();
      check("cuModuleGetFunction", cudart.cuModuleGetFunction(function, module, kernel));
      return function;
    }
  }

  private static void check(String call, int code) {
    if (code != SUCCESS) {
      throw new CudaException(call, code, name(code));
    }
  }

  private static String name(int code) {
    try (var pointer = new PointerPointer<BytePointer>(1)) {
      if (cudart.cuGetErrorString(code, pointer) != SUCCESS) {
        return "unknown error";
      }
      return pointer.get(BytePointer.class, 0).getString();
    }
  }
}
