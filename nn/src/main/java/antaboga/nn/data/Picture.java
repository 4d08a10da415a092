// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.nio.file.Path;

/**
 * An unlabelled image. There is no field for a mask, so that none can be read by mistake.
 *
 * @param name the file's name without its ending
 * @param image the file
 */
public record Picture(String name, Path image) {}
