// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.io.FormatException;
import antaboga.medsam.Image;
import antaboga.medsam.MedSam;
import antaboga.medsam.OtherModelException;
import antaboga.medsam.Preparation;
import antaboga.medsam.Scene;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** Encoded images, kept in a folder if there is one, so that the next prompt starts at once. */
record Scenes(MedSam teacher, Preparation preparation, Optional<Path> folder) {
  private static final int DIGITS = 16;

  Scene of(Path image) throws IOException {
    if (folder.isEmpty()) {
      return teacher.encode(Image.read(image), preparation);
    }
    var file = folder.get().resolve(name(image));
    if (Files.exists(file)) {
      try {
        return teacher.scene(file);
      } catch (FormatException | OtherModelException e) {
        // damaged, or not ours: written anew
      }
    }
    var scene = teacher.encode(Image.read(image), preparation);
    Output.folder(folder.get(), 2 * scene.bytes());
    scene.write(file);
    return scene;
  }

  /** Another model or other pixels are another file. */
  private String name(Path image) throws IOException {
    try {
      var content = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(image));
      return "%s-%s-%s.safetensors"
          .formatted(
              preparation.name().toLowerCase(Locale.ROOT),
              HexFormat.of().formatHex(content).substring(0, DIGITS),
              teacher.fingerprint().substring(0, DIGITS));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
