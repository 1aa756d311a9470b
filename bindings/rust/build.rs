//! Where libstepsize lies: STEPSIZE_LIB_DIR names its folder where the linker does not find it by itself.

fn main() {
    println!("cargo:rerun-if-env-changed=STEPSIZE_LIB_DIR");
    if let Ok(folder) = std::env::var("STEPSIZE_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
