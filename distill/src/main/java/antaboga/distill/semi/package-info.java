// SPDX-License-Identifier: Apache-2.0
/**
 * Semi-supervised training: losses on unlabelled images, and one readable loop that stops and
 * resumes without a trace.
 */
@NullMarked
package antaboga.distill.semi;

import org.jspecify.annotations.NullMarked;
