// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  private final Path root;

  ImageFolderTest(@TempDir Path root) {
    this.root = root;
  }

  private void image(String name, int height, int width) throws IOException {
    Images.write(root.resolve(name), height, width, new byte[height * width]);
  }

  private void list(String name, String... lines) throws IOException {
    Files.createDirectories(root.resolve("splits"));
    Files.writeString(root.resolve("splits/" + name + ".txt"), String.join("\n", lines) + "\n");
  }

  private void pairs(int n) throws IOException {
    for (int i = 0; i < n; i++) {
      image("images/a" + i + ".png", 4, 6);
      image("masks/a" + i + ".png", 4, 6);
    }
  }

  private String failure(org.junit.jupiter.api.function.Executable action) {
    return assertThrows(IOException.class, action).toString();
  }

  @Test
  void matchesMasksByStemWhateverTheEnding() throws IOException {
    image("images/ISIC_1.png", 4, 6);
    image("images/b.png", 4, 6);
    image("masks/ISIC_1_segmentation.png", 4, 6);
    image("masks/b.tiff", 4, 6); // the content decides, not the ending
    Files.writeString(root.resolve("images/README.txt"), "no image");
    var samples = ImageFolder.open(root).samples();
    assertEquals(List.of("ISIC_1", "b"), samples.stream().map(Sample::name).toList());
    assertEquals("b.tiff", samples.get(1).mask().getFileName().toString());
  }

  @Test
  void neverOpensMasksOfUnlabelledImages() throws IOException {
    pairs(4);
    list("train", "a0", "a1", "a2", "a3");
    list("train_labeled_10pct", "a2");
    for (int i : new int[] {0, 1, 3}) {
      Files.write(root.resolve("masks/a" + i + ".png"), new byte[] {1, 2, 3});
    }
    var folder = ImageFolder.open(root);
    var labelled = folder.samples("train_labeled_10pct");
    var unlabelled = folder.pictures("train", labelled);
    assertEquals(List.of("a0", "a1", "a3"), unlabelled.stream().map(Picture::name).toList());
    var data = new MixedBatches(labelled, 2, unlabelled, 3, new ImageStore(8), Augment.weak());
    var batch = data.batch(0, 1);
    assertEquals(3, batch.unlabelled().size(0));
    assertTrue(failure(() -> folder.samples("train")).contains("a0.png: not a whole image"));
  }

  @Test
  void readsTheListsOfTheOtherLayout() throws IOException {
    image("train/images/a.png", 4, 4);
    image("train/masks/a.png", 4, 4);
    image("val/images/b.png", 4, 4);
    image("val/masks/b.png", 4, 4);
    var folder = ImageFolder.open(root);
    assertEquals(List.of("train", "val"), folder.splits());
    assertEquals("b", folder.samples("val").get(0).name());
  }

  @Test
  void understandsPathsAndEndingsInLists() throws IOException {
    pairs(1);
    image("unlabeled/u.png", 4, 4);
    list("extra", "unlabeled/u.png", "a0.png");
    var pictures = ImageFolder.open(root).pictures("extra");
    assertEquals(List.of("u", "a0"), pictures.stream().map(Picture::name).toList());
    list("bad", "../elsewhere.png");
    assertTrue(
        failure(() -> ImageFolder.open(root).pictures("bad")).contains("leads out of"), "escape");
  }

  @Test
  void reportsAllProblemsAtOnce() throws IOException {
    pairs(2);
    image("images/nomask.png", 4, 4);
    image("images/size.png", 4, 4);
    image("masks/size.png", 4, 5);
    var message = failure(() -> ImageFolder.open(root).samples());
    assertTrue(message.contains("2 of 4 images cannot be used"), message);
    assertTrue(message.contains("nomask.png: no mask; add"), message);
    assertTrue(message.contains("5 x 4 pixels, but its image"), message);
  }

  @Test
  void namesEmptyFoldersAndMissingLists() throws IOException {
    assertTrue(failure(() -> ImageFolder.open(root)).contains("no images; expected them in"));
    assertTrue(failure(() -> ImageFolder.open(root.resolve("x"))).contains("no such folder"));
    pairs(1);
    var folder = ImageFolder.open(root);
    assertTrue(failure(() -> folder.samples("train")).contains("train.txt: no such list"));
    list("train", "zzz");
    assertTrue(failure(() -> folder.samples("train")).contains("no image named zzz"));
    list("twice", "a0", "a0");
    assertTrue(failure(() -> folder.names("twice")).contains("stands twice"));
    list("none", "# nothing");
    assertTrue(failure(() -> folder.names("none")).contains("empty"));
  }

  @Test
  void refusesTwoImagesOfOneName() throws IOException {
    image("images/a.png", 4, 4);
    image("images/a.jpg", 4, 4);
    assertTrue(failure(() -> ImageFolder.open(root)).contains("two files are named a"));
  }

  @Test
  void drawsALabelledListOnceAndKeepsIt() throws IOException {
    pairs(30);
    var folder = ImageFolder.open(root);
    folder.divide(0.7, 0.1, 1);
    assertEquals(21, folder.names("train").size());
    assertEquals(6, folder.names("test").size());
    var all = new HashSet<>(folder.names("train"));
    all.addAll(folder.names("val"));
    all.addAll(folder.names("test"));
    assertEquals(30, all.size());

    var name = folder.draw("train", 0.1, 7);
    assertEquals("train_labeled_10pct_seed7", name);
    assertEquals(2, folder.names(name).size());
    assertTrue(folder.names("train").containsAll(folder.names(name)));
    var file = root.resolve("splits/" + name + ".txt");
    Files.writeString(file, "a1\n", StandardCharsets.UTF_8);
    assertEquals(name, folder.draw("train", 0.1, 7));
    assertEquals(List.of("a1"), folder.names(name));
    assertFalse(folder.names("train").isEmpty());
  }
}
