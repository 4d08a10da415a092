// SPDX-License-Identifier: Apache-2.0
/**
 * Distillation from a large frozen teacher to a small student of another architecture: losses as
 * small records, and the teacher's outputs cached on disk.
 */
@NullMarked
package antaboga.distill;

import org.jspecify.annotations.NullMarked;
