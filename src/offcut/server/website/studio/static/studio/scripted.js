// Runs before anything is drawn, so that nobody sees the form for browsers without scripts flash by.
document.documentElement.classList.add("scripted");
