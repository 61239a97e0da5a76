import BlobStores
import FleetContracts
import Testing
import Testkit

@Suite struct BlobStoreURLTests {
  @Test func aFileURLOpensAStoreInThatFolder() async throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "a folder").path
    let store = try BlobStoreURL.open("file://\(path.replacing(" ", with: "%20"))")
    let digest = try await store.put(Blob(copying: [1, 2, 3]))
    #expect(try await FileBlobStore(root: path).contains(digest))
  }

  @Test(arguments: [
    ("s3://bucket/folder", "the scheme s3 isn't supported"),
    ("file://server/folder", "names server"),
    ("file:///", "names no folder"),
    ("/srv/blobs", "it isn't a URL"),
    ("", "it isn't a URL"),
  ])
  func whatCantBeUsedIsRefusedWithASentence(url: String, reason: String) {
    #expect {
      try BlobStoreURL.open(url)
    } throws: {
      "\($0)".contains(reason) && "\($0)".contains("file:///srv/tessera/blobs")
    }
  }

  @Test func anErrorHidesSecrets() {
    #expect {
      try BlobStoreURL.open("s3://user:hunter2@bucket/folder?token=hunter2")
    } throws: {
      !"\($0)".contains("hunter2")
    }
  }
}
