internal import FleetContracts
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Pictures of completed runs: slices for a viewer, mosaics, reports.
struct PictureOperations: OperationGroup {
  let title = "Pictures"
  private let ledger: any Ledger
  private let pictures: any RunPicturing

  init(_ services: APIServices, pictures: any RunPicturing) {
    ledger = services.ledger
    self.pictures = pictures
  }

  var operations: [Operation] { [listing, slice, mosaic, planes, report] }

  private var listing: Operation {
    Operation(
      id: "listSlices", method: .get, path: "/v1/runs/{run}/slices",
      summary: "Which slices a completed run has, and the labels on them.", scope: .read,
      parameters: [RunOperations.runParameter],
      answers: [.init(status: .ok, doc: "The slices.", content: .json(SliceListing.schema))],
      problems: [.noResultYet]
    ) { [ledger, pictures] request in
      Response.json(try await pictures.slices(of: try await ledger.run(for: request)))
    }
  }

  private var slice: Operation {
    Operation(
      id: "getSlice", method: .get, path: "/v1/runs/{run}/slices/{plane}/{index}.png",
      summary: "A slice as PNG: the image in grey, or its labels in colour on transparent ground.",
      detail: "Pixels are square in mm; both layers show the same part of the body and are shown at one size.",
      scope: .read,
      parameters: [
        RunOperations.runParameter,
        .path("plane", .words(["axial", "coronal", "sagittal", "z", "y", "x"]), "The plane's id from the listing."),
        .path("index", .integer(0...1 << 20), "The slice, from 0."),
        .query("layer", SliceRequest.Layer.schema, "What is shown; the image unless said otherwise."),
        .query(
          "window", .text(.pattern("[A-Za-z0-9.:+-]{1,60}")),
          "Intensities from black to white: one of the listing's windows, or BLACK:WHITE in the image's units."),
        .query("label", .list(.integer(1...255)), "For labels: only these."),
      ], answers: [.init(status: .ok, doc: "The slice.", content: .bytes(type: "image/png"), headers: Self.headers)],
      problems: [.noResultYet, .invalid]
    ) { [ledger, pictures] request in
      let run = try await ledger.run(for: request)
      let labels = request["label"]?.array?.compactMap(\.integer)
      let slice = SliceRequest(
        plane: request["plane"]?.string ?? "", index: request["index"]?.integer ?? -1,
        layer: request["layer"]?.string.flatMap(SliceRequest.Layer.init) ?? .image,
        window: request["window"]?.string ?? SliceListing.automaticWindow, labels: labels.map(Set.init))
      return Self.picture(try await pictures.slice(slice, of: run), type: "image/png")
    }
  }

  private var mosaic: Operation {
    picture(.mosaic, id: "getMosaic", "Evenly spaced slices through the segmented region")
  }
  private var planes: Operation { picture(.planes, id: "getPlanes", "Three planes through the segmentation") }

  private func picture(_ kind: RunPictureKind, id: String, _ what: String) -> Operation {
    Operation(
      id: id, method: .get, path: "/v1/runs/{run}/\(kind.rawValue).png", summary: "\(what), with a legend, as PNG.",
      scope: .read, parameters: [RunOperations.runParameter],
      answers: [.init(status: .ok, doc: "The picture.", content: .bytes(type: "image/png"), headers: Self.headers)],
      problems: [.noResultYet]
    ) { [ledger, pictures] request in
      Self.picture(try await pictures.picture(kind, of: try await ledger.run(for: request)), type: "image/png")
    }
  }

  private var report: Operation {
    Operation(
      id: "getHTMLReport", method: .get, path: "/v1/runs/{run}/report.html",
      summary: "A self-contained HTML file with slices, volumes, timings and provenance.", scope: .read,
      parameters: [RunOperations.runParameter],
      answers: [.init(status: .ok, doc: "The report.", content: .bytes(type: "text/html"), headers: Self.headers)],
      problems: [.noResultYet]
    ) { [ledger, pictures] request in
      Self.picture(
        try await pictures.report(of: try await ledger.run(for: request)), type: "text/html; charset=utf-8")
    }
  }

  private static let headers: [(name: String, schema: JSONSchema, doc: String)] = [
    ("Cache-Control", .text(.any), "A completed run's pictures never change; they are the caller's alone.")
  ]

  private static func picture(_ bytes: [UInt8], type: String) -> Response {
    var headers: HTTPFields = [.contentType: type, .cacheControl: "private, max-age=3600"]
    headers[.xContentTypeOptions] = "nosniff"
    // Opened by itself, a report runs as a page without any rights at this server.
    if type.hasPrefix("text/html") { headers[.contentSecurityPolicy] = "sandbox allow-scripts" }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension SliceRequest.Layer: Answerable {}

extension SliceListing: Described {
  static var fields: [Field<SliceListing>] {
    [
      Field("planes", "Axial, coronal, sagittal.") { $0.planes },
      Field("labels", "The labels that occur.") { $0.labels },
      Field("oriented", "Whether the image tells its orientation.") { $0.oriented },
      Field("windows", "Windows that are known by name, the automatic one first.") { $0.windows },
    ]
  }
}

extension SliceListing.Plane: Described {
  static var schemaName: String { "SlicePlane" }
  static var fields: [Field<SliceListing.Plane>] {
    [
      Field("id", "Its part of a slice's path.") { $0.id },
      Field("name", "For people.") { $0.name },
      Field("count", "How many slices there are, numbered from 0.") { $0.count },
      Field("spacing", "mm between two slices.") { $0.spacing },
      Field("width", "mm that a slice shows from left to right.") { $0.width },
      Field("height", "mm that it shows from top to bottom.") { $0.height },
      Field("directions", "The body's directions left, right, top, bottom; empty where they aren't known.") {
        $0.directions
      },
      Field("centre", "The slice through the segmentation's centre of mass.") { $0.centre },
    ]
  }
}

extension SliceListing.Label: Described {
  static var schemaName: String { "SliceLabel" }
  static var fields: [Field<SliceListing.Label>] {
    [
      Field("label", "The value in the label map.") { $0.label },
      Field("name", "What it is called.") { $0.name },
      Field("colour", "How it is shown, such as #e69f00.") { $0.colour },
      Field("voxels", "How many voxels have it.") { $0.voxels },
    ]
  }
}
