// The report's own part: its pictures lie in the page. `mountViewer` stands before this text.
{
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { views } = read("pictures");
  const facts = read("facts");
  mountViewer(document.getElementById("viewer"), {
    ...facts,
    views,
    picture: (view, index, layer) => {
      const picture = view[layer][view.indices.indexOf(index)];
      return picture ? `data:image/png;base64,${picture}` : null;
    },
  });
}
