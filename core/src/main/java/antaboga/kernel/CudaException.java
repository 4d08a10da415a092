// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/** A call to CUDA that failed: which one, with what code, and why. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int code;

  CudaException(String call, int code, String reason) {
    super(call + ": " + reason + " (" + code + ")");
    this.code = code;
  }

  /** CUDA's code of the failure. */
  public int code() {
    return code;
  }
}
