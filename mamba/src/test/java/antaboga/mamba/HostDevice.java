// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Device;
import antaboga.kernel.DeviceBuffer;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.Pointer;

/**
 * A device that is not there: its kernels are compiled by g++ with cuda_on_host.cpp around them and
 * run on the processor, thread by thread. Memory has guards before and behind it.
 */
final class HostDevice implements Device {
  private static final int GUARD = 256;
  private static final byte MARK = 0x5a;

  private final Path folder;
  private final int processors;
  private final Map<Long, Memory> memory = new HashMap<>();
  private int programs;

  HostDevice(Path folder, int processors) {
    this.folder = folder;
    this.processors = processors;
  }

  /** Whether there is a compiler for it. */
  static boolean available() {
    return run(Path.of("."), List.of("g++", "--version")) == 0
        && System.getProperty("os.name").equals("Linux");
  }

  static int run(Path folder, List<String> command) {
    try {
      var process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.to(log(folder).toFile()))
              .start();
      return process.waitFor();
    } catch (IOException e) {
      return -1; // no such command
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path log(Path folder) {
    return folder.equals(Path.of(".")) ? Path.of("/dev/null") : folder.resolve("compiler.log");
  }

  static String lastWords(Path folder) {
    try {
      return Files.readString(log(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String description() {
    return "host";
  }

  @Override
  public int processors() {
    return processors;
  }

  @Override
  public DeviceBuffer allocate(long bytes) {
    var block = new Memory(bytes + 2 * GUARD + 256);
    block.setMemory(0, block.size(), MARK);
    long start = com.sun.jna.Pointer.nativeValue(block) + GUARD;
    long aligned = (start + 255) / 256 * 256;
    memory.put(aligned, block);
    return new DeviceBuffer(this, aligned, bytes);
  }

  @Override
  public void release(long address) {
    var block = Objects.requireNonNull(memory.remove(address), "released twice");
    long before = address - com.sun.jna.Pointer.nativeValue(block);
    for (long i = 0; i < before; i++) {
      if (block.getByte(i) != MARK) {
        throw new IllegalStateException("written before a buffer, by " + (before - i));
      }
    }
    block.close();
  }

  @Override
  public void write(long to, Pointer from, long bytes) {
    Pointer.memcpy(new Address(to), from, bytes);
  }

  @Override
  public void read(long from, Pointer to, long bytes) {
    Pointer.memcpy(to, new Address(from), bytes);
  }

  private static final class Address extends Pointer {
    Address(long value) {
      address = value;
    }
  }

  @Override
  public void await() {}

  @Override
  public Program compile(String name, String source, List<String> options) {
    try {
      var kernels = folder.resolve(name);
      Files.writeString(kernels, source);
      var around = folder.resolve("cuda_on_host.cpp");
      try (var in = HostDevice.class.getResourceAsStream("cuda_on_host.cpp")) {
        Files.write(around, Objects.requireNonNull(in).readAllBytes());
      }
      var library = folder.resolve("kernels" + programs++ + ".so");
      var command =
          new ArrayList<>(
              List.of(
                  "g++",
                  "-std=c++17",
                  "-O1",
                  "-ffp-contract=off",
                  "-shared",
                  "-fPIC",
                  "-w",
                  "-fvisibility=hidden",
                  "-fno-gnu-unique"));
      options.stream().filter(option -> option.startsWith("-D")).forEach(command::add);
      command.addAll(
          List.of("-DKERNELS=\"" + kernels + "\"", around.toString(), "-o", library.toString()));
      if (run(folder, command) != 0) {
        throw new IllegalArgumentException(options + ": " + lastWords(folder));
      }
      var launch = NativeLibrary.getInstance(library.toString()).getFunction("launch");
      return (kernel, x, y, threads, fields) -> {
        try (var values = new Memory(8L * fields.length)) {
          values.write(0, fields, 0, fields.length);
          var arguments = new Object[] {kernel, x, y, threads, values, 8 * fields.length};
          int code = launch.invokeInt(arguments);
          if (code != 0) {
            throw new IllegalStateException(kernel + Arrays.toString(fields) + ": " + code);
          }
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
