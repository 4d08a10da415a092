// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Parameter;
import antaboga.medsam.model.MedSamConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * A name for all that an embedding of a prepared image depends on: the image encoder's parameters
 * and its input size. Models that share the encoder, such as one whose decoder was tuned alone,
 * share it.
 */
final class Fingerprint {
  private static final int DIGITS = 32;

  private Fingerprint() {}

  static String of(List<Parameter> encoder, MedSamConfig config) {
    var digest = sha256();
    add(digest, "antaboga scene encoder 1\n");
    add(digest, "%s, input %d, mlp %s\n".formatted(config, config.input(), config.mlpRatio()));
    var sorted =
        encoder.stream().sorted(Comparator.comparing(Parameter::name)).toList(); // any file's order
    for (var parameter : sorted) {
      add(digest, parameter + "\n");
      var values = parameter.toFloats();
      var bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  private static void add(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
