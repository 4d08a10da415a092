// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import antaboga.kernel.Cuda;
import antaboga.kernel.Nvrtc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

/** The kernels compile for the architectures in use, with whatever compiler there is. */
class CudaSourceTest {
  private static final List<String> ARCHITECTURES = List.of("sm_80", "sm_90", "sm_100");

  @TempDir Path folder;

  /** Every way through the source, at usual sizes and at the largest. */
  private static List<List<String>> variants() {
    return List.of(
        options(
            ScanCase.of(2, 2048, 16, 64).options(true, true, false, true, false), DataType.FLOAT),
        options(
            ScanCase.of(2, 99, 16, 64).layout("channels last").weights("constant", "3"),
            DataType.FLOAT),
        options(ScanCase.of(2, 64, 16, 64).layout("crossed"), DataType.FLOAT),
        options(ScanCase.of(2, 40, 16, 64).weights("2", "constant"), DataType.DOUBLE),
        options(ScanCase.of(2, 8, 200, 16).layout("projected"), DataType.DOUBLE),
        options(ScanCase.of(1, 1, 1, 1), DataType.FLOAT));
  }

  private static List<String> options(ScanCase scan, DataType type) {
    var x = scan.inputs(type, 1);
    var plan = ScanPlan.of(x.geometry(), type, 132).orElseThrow();
    return plan.options(x.softplus(), x.z() != null);
  }

  @Test
  void nvccCompilesTheKernels() throws IOException {
    boolean present = HostDevice.run(Path.of("."), List.of("nvcc", "--version")) == 0;
    assumeTrue(present, "no nvcc on the path");
    var source = folder.resolve("selective_scan.cu");
    Files.writeString(source, DeviceScan.source());
    var variants = variants();
    for (int i = 0; i < variants.size(); i++) {
      // the first one for every architecture, the others for each in turn
      for (var architecture : i == 0 ? ARCHITECTURES : List.of(ARCHITECTURES.get(i % 3))) {
        var command = new ArrayList<>(List.of("nvcc", "-cubin", "-std=c++17", "-ftz=true"));
        command.addAll(List.of("-Werror=all-warnings", "-arch=" + architecture));
        command.addAll(List.of("-Xcicc", "-O1", "-Xptxas", "-O1")); // sooner done; nobody runs it
        command.addAll(variants.get(i));
        command.addAll(List.of("-o", "scan.cubin", source.toString()));
        int code = HostDevice.run(folder, command);
        assertEquals(0, code, () -> command + ": " + HostDevice.lastWords(folder));
      }
    }
  }

  @Test
  void nvrtcCompilesTheKernelsWithoutADevice() {
    var reason = Nvrtc.unavailable();
    assumeTrue(reason.isEmpty(), () -> "no NVRTC: " + reason.orElseThrow());
    for (var options : variants()) {
      for (var architecture : ARCHITECTURES) {
        var cubin = Nvrtc.compile("selective_scan.cu", DeviceScan.source(), architecture, options);
        assertTrue(cubin.length > 1000, () -> options + " for " + architecture);
      }
    }
  }

  @Test
  void saysWhyThereIsNoDevice() {
    var reason = Cuda.unavailable();
    assumeTrue(reason.isPresent(), "there is a device");
    var line = SelectiveScan.choice().toString();
    assertTrue(line.endsWith("cuda: " + reason.orElseThrow() + "]"), line);
    var message = assertThrows(IllegalStateException.class, Cuda::first).getMessage();
    assertEquals("cuda: " + reason.orElseThrow(), message);
  }
}
