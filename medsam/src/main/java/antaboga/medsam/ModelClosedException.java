// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/** A model, or a scene of it, was asked for something after the model was closed. */
public final class ModelClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  ModelClosedException(String what) {
    super(what + ": the model is closed; load it again, or close it later");
  }
}
