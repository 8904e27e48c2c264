// Redoc signs its page with a picture from its makers' host; this page loads nothing from another host.
const isOurs = (address) => new URL(address, location).origin === location.origin;
const images = HTMLImageElement.prototype;

const setAttribute = images.setAttribute;
images.setAttribute = function (name, value) {
  if (name !== "src" || isOurs(value)) {
    setAttribute.call(this, name, value);
  }
};

const source = Object.getOwnPropertyDescriptor(images, "src");
Object.defineProperty(images, "src", {
  ...source,
  set(value) {
    if (isOurs(value)) {
      source.set.call(this, value);
    }
  },
});
