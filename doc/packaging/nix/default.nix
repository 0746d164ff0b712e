{ lib, stdenv, linuxHeaders }:

stdenv.mkDerivation rec {
  pname = "novillo";
  version = "0.1.0";
  src = ./novillo-${version}.tar.xz;

  buildInputs = [ linuxHeaders ];
  enableParallelBuilding = true;
  doCheck = true;

  meta = {
    description = "Run an application as a virtual machine without a guest kernel";
    license = lib.licenses.bsd2;
    platforms = [ "x86_64-linux" ];
    mainProgram = "novillo";
  };
}
