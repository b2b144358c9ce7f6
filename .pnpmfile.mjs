// What is left out of a manifest when its package is packed: how it is made, which no consumer can use. The development
// dependencies name packages that are not published, and the condition leads to sources that are not in the tarball.
export const hooks = {
  beforePacking(manifest) {
    delete manifest.scripts;
    delete manifest.devDependencies;
    for (const target of Object.values(manifest.exports)) delete target["@tallyline/source"];
    return manifest;
  },
};
