internal import ArgumentParser
internal import Pictures

/// What pictures there are to be, and how they look.
struct PictureOptions: ParsableArguments {
  @Flag(
    name: .customLong("report"),
    help: "Also write CASE.html: slices with sliders, volumes, timings and provenance in one file for any browser.")
  var wantsReport = false

  @Flag(
    name: .customLong("mosaic"), help: "Also write CASE_mosaic.png: evenly spaced slices through the segmented region.")
  var wantsMosaic = false

  @OptionGroup var shown: WindowOption

  var window: IntensityWindow { shown.window }
}

/// Which intensities pictures show black and which white.
struct WindowOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Intensities that pictures show from black to white: \(IntensityWindow.forms). Results don't depend on it.",
      valueName: "window"),
    transform: { text in
      guard let window = IntensityWindow(text) else {
        throw ValidationError("--window takes \(IntensityWindow.forms), it is \(text).")
      }
      return window
    })
  var window = IntensityWindow.automatic
}
