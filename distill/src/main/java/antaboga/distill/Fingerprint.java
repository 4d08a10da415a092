// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Parameter;
import antaboga.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** Names for content: equal bits give equal names, and no others do. */
public final class Fingerprint {
  private final MessageDigest digest;

  private Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Of a model: its configuration in words and the names, shapes and values of its parameters.
   *
   * @return 32 hexadecimal digits
   */
  public static String of(String configuration, Collection<Parameter> parameters) {
    var print = new Fingerprint();
    print.add(configuration);
    for (var parameter : parameters) {
      print.add(parameter.name());
      print.add(parameter);
    }
    return print.text();
  }

  /** Of a tensor: its shape and values as floats. */
  public static String of(Tensor tensor) {
    var print = new Fingerprint();
    print.add(tensor);
    return print.text();
  }

  private void add(String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private void add(Tensor tensor) {
    add(tensor.shape().toString());
    var values = tensor.toFloats();
    var bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }

  private String text() {
    return HexFormat.of().formatHex(digest.digest()).substring(0, 32);
  }
}
