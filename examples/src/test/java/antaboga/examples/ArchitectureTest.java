// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.MethodCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/** The rules of the house, in place of Java's modules: ND4J's own descriptor is broken. */
@AnalyzeClasses(packages = "antaboga", importOptions = ArchitectureTest.MainCode.class)
class ArchitectureTest {
  private static final String EXAMPLES = "antaboga.examples..";

  private static final DescribedPredicate<JavaClass> CORE =
      resideInAPackage("antaboga..")
          .and(
              not(
                  resideInAnyPackage(
                      "antaboga.nn..",
                      "antaboga.mamba..",
                      "antaboga.medsam..",
                      "antaboga.distill..",
                      EXAMPLES)))
          .as("core");

  @ArchTest
  static final ArchRule modulesPointDown =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("core")
          .definedBy(CORE)
          .layer("nn")
          .definedBy("antaboga.nn..")
          .layer("mamba")
          .definedBy("antaboga.mamba..")
          .layer("medsam")
          .definedBy("antaboga.medsam..")
          .layer("distill")
          .definedBy("antaboga.distill..")
          .optionalLayer("examples")
          .definedBy(EXAMPLES)
          .whereLayer("core")
          .mayNotAccessAnyLayer()
          .whereLayer("nn")
          .mayOnlyAccessLayers("core")
          .whereLayer("mamba")
          .mayOnlyAccessLayers("nn", "core")
          .whereLayer("medsam")
          .mayOnlyAccessLayers("nn", "core")
          .whereLayer("distill")
          .mayOnlyAccessLayers("nn", "core");

  @ArchTest
  static final ArchRule operationsSeeArraysOnly =
      noClasses()
          .that()
          .resideInAPackage("antaboga.ops..")
          .should()
          .dependOnClassesThat(
              topLevelNamed("antaboga.Tensor", "antaboga.Parameter", "antaboga.Tape"))
          .because("an operation is arrays in, arrays out; a device body can then stand beside it");

  @ArchTest
  static final ArchRule kernelsSeeNoTensors =
      noClasses()
          .that()
          .resideInAPackage("antaboga.kernel..")
          .should()
          .dependOnClassesThat(
              topLevelNamed("antaboga.Tensor", "antaboga.Parameter", "antaboga.Tape"));

  @ArchTest
  static final ArchRule typesAreClosed =
      classes()
          .that(are(not(describe("anonymous or local", ArchitectureTest::isUnnamed))))
          .should(beInterfaceRecordEnumFinalOrSealed())
          .because("nobody extends a class here: compose, or implement an interface");

  @ArchTest
  static final ArchRule namesSayWhatThingsAre =
      noClasses()
          .should()
          .haveNameMatching(".*[.$](Abstract\\w*|\\w*(Impl|Utils?|Manager|Base|Common))")
          .orShould()
          .haveNameMatching(".*[.$](Module|Function|Random)")
          .orShould()
          .resideInAnyPackage("..util..", "..utils..", "..common..");

  @ArchTest
  static final ArchRule onlyVectorClassesSeeTheVectorApi =
      noClasses()
          .that(are(not(topLevel("Vector…", name -> name.startsWith("Vector")))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jdk.incubator.vector..")
          .because("without --add-modules jdk.incubator.vector they must never be linked");

  @ArchTest
  static final ArchRule onlyFourClassesSeeCuda =
      noClasses()
          .that(
              are(
                  not(
                      topLevel(
                          "Cuda, Nvrtc, DeviceBuffer, CudaScan",
                          Set.of("Cuda", "Nvrtc", "DeviceBuffer", "CudaScan")::contains))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bytedeco.cuda..")
          .because("CUDA is optional on the class path");

  @ArchTest
  static final ArchRule librariesDoNotPrint =
      noClasses()
          .that()
          .resideOutsideOfPackage(EXAMPLES)
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethodWhere(
              target("printStackTrace", (owner, name) -> name.equals("printStackTrace")));

  @ArchTest
  static final ArchRule librariesHaveNoHiddenState =
      noClasses()
          .that()
          .resideOutsideOfPackage(EXAMPLES)
          .should()
          .callMethodWhere(
              target(
                  "Nd4j's global generator or defaults",
                  (owner, name) ->
                      owner.equals("org.nd4j.linalg.factory.Nd4j")
                          && (name.equals("getRandom")
                              || name.startsWith("rand")
                              || name.startsWith("setDefault"))))
          .orShould()
          .callMethod(Math.class, "random")
          .because("randomness and types are arguments");

  @ArchTest
  static final ArchRule librariesSetNoProperties =
      noClasses()
          .that()
          .resideOutsideOfPackage(EXAMPLES)
          .and()
          .doNotHaveFullyQualifiedName("antaboga.kernel.ShapeCache") // ND4J asks a property alone
          .should()
          .callMethod(System.class, "setProperty", String.class, String.class)
          .because("choices are arguments");

  @ArchTest
  static final ArchRule staticFieldsAreConstants =
      fields().that().areStatic().should().beFinal().because("there is no mutable static state");

  private static boolean isUnnamed(JavaClass type) {
    return type.isAnonymousClass() || type.isLocalClass();
  }

  private static ArchCondition<JavaClass> beInterfaceRecordEnumFinalOrSealed() {
    return new ArchCondition<>("be an interface, a record, an enum, final or sealed") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        boolean closed =
            type.isInterface()
                || type.isRecord()
                || type.isEnum()
                || type.getModifiers().contains(JavaModifier.FINAL)
                || type.reflect().isSealed();
        events.add(new SimpleConditionEvent(type, closed, type.getName() + " is open"));
      }
    };
  }

  private static DescribedPredicate<JavaClass> topLevel(
      String description, Predicate<String> name) {
    return describe("in " + description, type -> name.test(outermost(type).getSimpleName()));
  }

  private static DescribedPredicate<JavaClass> topLevelNamed(String... names) {
    return describe(
        String.join(", ", names), type -> Set.of(names).contains(outermost(type).getName()));
  }

  private static JavaClass outermost(JavaClass type) {
    JavaClass outer = type.getBaseComponentType();
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer;
  }

  private static DescribedPredicate<JavaMethodCall> target(
      String description, BiPredicate<String, String> ownerAndName) {
    return describe(
        description,
        call -> {
          MethodCallTarget method = call.getTarget();
          return ownerAndName.test(method.getOwner().getName(), method.getName());
        });
  }

  /** Leaves out tests, also those of core, which come as a jar. */
  static final class MainCode implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/") && !location.contains("-tests.jar");
    }
  }
}
