// SPDX-License-Identifier: Apache-2.0
/** The demonstration: a teacher, two students and a report, from a folder of images. */
@NullMarked
package antaboga.examples.demo;

import org.jspecify.annotations.NullMarked;
