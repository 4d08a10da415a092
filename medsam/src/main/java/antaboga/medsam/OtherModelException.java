// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import java.io.IOException;
import java.nio.file.Path;

/** A scene was read with another model than it was encoded with. */
public final class OtherModelException extends IOException {
  private static final long serialVersionUID = 1L;

  OtherModelException(Path path, String found, String expected) {
    super(
        "%s: a scene of another image encoder (%s, this model's is %s); encode the image again"
            .formatted(path, found, expected));
  }
}
