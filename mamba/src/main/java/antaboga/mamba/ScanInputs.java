// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a scan reads: dense arrays of one type, laid out by the geometry, with the letters of Gu and
 * Dao (2023).
 *
 * @param delta for each channel, or the factors that deltaWeight (D, R) turns into it
 * @param deltaWeight present where the geometry has a rank
 * @param a (D, N)
 * @param d the skip term, (D)
 * @param z the gate, as u
 * @param deltaBias (D)
 * @param initial the state before the first step, (B, D, N)
 * @param softplus whether delta + bias passes through softplus
 */
record ScanInputs(
    ScanGeometry geometry,
    INDArray u,
    INDArray delta,
    @Nullable INDArray deltaWeight,
    INDArray a,
    INDArray b,
    INDArray c,
    @Nullable INDArray d,
    @Nullable INDArray z,
    @Nullable INDArray deltaBias,
    @Nullable INDArray initial,
    boolean softplus) {}
