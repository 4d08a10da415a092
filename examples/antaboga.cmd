@echo off
rem Runs Antaboga's command line. Builds it on first use and whenever a source is newer than the last build; finds a
rem Java of at least 17 in JAVA_HOME or on the PATH and passes the flags that this Java needs.
rem ANTABOGA_OPTS adds options for Java, for example set ANTABOGA_OPTS=-Xmx8g.
setlocal EnableExtensions
set "EXAMPLES=%~dp0"
set "EXAMPLES=%EXAMPLES:~0,-1%"
for %%I in ("%EXAMPLES%\..") do set "ROOT=%%~fI"
set "TARGET=%EXAMPLES%\target"

if defined JAVA_HOME (
  set "JAVA=%JAVA_HOME%\bin\java.exe"
) else (
  set "JAVA="
  for /f "delims=" %%J in ('where java 2^>nul') do if not defined JAVA set "JAVA=%%J"
)
if not defined JAVA (
  echo antaboga: no java on the PATH; install a JDK of at least 17, or set JAVA_HOME 1>&2
  exit /b 1
)
if not exist "%JAVA%" (
  echo antaboga: %JAVA% does not exist; point JAVA_HOME at a JDK of at least 17, or unset it 1>&2
  exit /b 1
)
set "VERSION="
for /f "tokens=3" %%V in ('""%JAVA%" -version 2^>^&1" ^| findstr /c:" version "') do if not defined VERSION set "VERSION=%%~V"
for /f "tokens=1 delims=.-+" %%V in ("%VERSION%") do set "VERSION=%%V"
if not defined VERSION set "VERSION=0"
if %VERSION% LSS 17 (
  echo antaboga: %JAVA% is version %VERSION%; Antaboga needs Java 17 or later ^(set JAVA_HOME^) 1>&2
  exit /b 1
)

set "STALE=yes"
if exist "%TARGET%\antaboga-examples.jar" if exist "%TARGET%\built" (
  powershell -NoProfile -Command "$b=(Get-Item '%TARGET%\built').LastWriteTime; if (Get-ChildItem '%ROOT%\pom.xml','%ROOT%\*\pom.xml','%ROOT%\*\src\main' -Recurse | Where-Object LastWriteTime -gt $b | Select-Object -First 1) { exit 1 }"
  if not errorlevel 1 set "STALE="
)
if not defined STALE goto run
set "MVN=mvn"
if exist "%ROOT%\mvnw.cmd" set "MVN=%ROOT%\mvnw.cmd"
if not exist "%TARGET%" mkdir "%TARGET%"
echo antaboga: building (about a minute, the first time longer: it fetches libraries) ... 1>&2
pushd "%ROOT%"
call "%MVN%" -q -B -DskipTests -pl examples -am package > "%TARGET%\build.log" 2>&1
if errorlevel 1 (
  popd
  findstr /b /c:"[ERROR]" "%TARGET%\build.log" 1>&2
  echo antaboga: the build failed; its whole output is in %TARGET%\build.log 1>&2
  exit /b 1
)
popd
type nul > "%TARGET%\built"

:run
set "FLAGS=--add-modules jdk.incubator.vector -Xms256m -Xmx2g -XX:+UseParallelGC -Dorg.bytedeco.javacpp.maxbytes=8g -Dorg.bytedeco.javacpp.maxphysicalbytes=12g"
if %VERSION% GEQ 24 set "FLAGS=%FLAGS% --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
"%JAVA%" %FLAGS% "-Dantaboga.home=%EXAMPLES%" %ANTABOGA_OPTS% -cp "%TARGET%\antaboga-examples.jar" antaboga.examples.cli.Antaboga %*
exit /b %ERRORLEVEL%
