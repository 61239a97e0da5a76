/// The slice viewer for pages: a script and a style sheet, the same in reports and in the dashboard.
///
/// `viewer.js` is an ES module that exports `mountViewer`; it asks its page for pictures and knows neither files nor servers. `theme.css` has the
/// colours of light and dark and the parts that all pages share.
public enum SliceViewerFiles {
  public static let script = PackageResources.viewer_js
  public static let style = PackageResources.viewer_css
  public static let theme = PackageResources.theme_css
}
