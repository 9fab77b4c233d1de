// Before the first paint, so that a dark page never flashes white. A file of its own: the page allows no inline script.
(function () {
  var theme = localStorage.getItem("wegent.theme");
  var isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", isDark);
})();
